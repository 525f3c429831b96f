// All functions with how they did in the range: calls, errors, times, cold starts, memory.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import type { ConsoleFunctionFigures } from '../../../fnscope/src/api/console-types.ts'
import { api } from '../api.ts'
import { ago, count, duration, percent } from '../format.ts'
import styles from '../functions/functions.module.css'
import { MemoryBar } from '../functions/MemoryBar.tsx'
import type { FunctionSort } from '../page-search.ts'
import { EmptyState } from '../parts/EmptyState.tsx'
import { Failure } from '../parts/Failure.tsx'
import { useLiveEvents } from '../parts/live-events.ts'
import { useShortcuts } from '../parts/shortcuts.ts'
import { Skeleton } from '../parts/Skeleton.tsx'
import { Table, type Column } from '../parts/Table.tsx'
import { rangeParameters } from '../range.ts'

const VALUES: Readonly<Record<Exclude<FunctionSort, 'name'>, (of: ConsoleFunctionFigures) => number>> = {
  invocations: ({ invocations }) => invocations,
  errors: ({ errors, invocations }) => errors / Math.max(1, invocations),
  p50: ({ p50Ms = -1 }) => p50Ms,
  p95: ({ p95Ms = -1 }) => p95Ms,
  p99: ({ p99Ms = -1 }) => p99Ms,
  cold: ({ coldStarts, invocations }) => coldStarts / Math.max(1, invocations),
  memory: ({ maxMemoryMb = 0, memoryMb = 1 }) => maxMemoryMb / memoryMb,
}

const timeOf = (ms: number | undefined): string => (ms === undefined ? '·' : duration(ms))

export function Functions(): ReactNode {
  const { from, to, live = false, q = '', sort = 'invocations' } = useSearch({ from: '/functions' })
  const navigate = useNavigate({ from: '/functions' })
  const [at, setAt] = useState(-1)
  const asked = rangeParameters({ ...(from && { from }), ...(to && { to }) })
  const { data, error, refetch, dataUpdatedAt } = useQuery({
    queryKey: ['functions', asked],
    queryFn: ({ signal }) => api.functionFigures(asked, signal),
    placeholderData: keepPreviousData,
  })
  useLiveEvents(['graph'], live, { on: () => void refetch(), missed: () => void refetch() })
  const open = (name: string): void => void navigate({ to: '/functions/$name', params: { name } })
  const rows = sorted(
    (data?.functions ?? []).filter(({ name, logicalId = '' }) =>
      `${name} ${logicalId}`.toLowerCase().includes(q.toLowerCase()),
    ),
    sort,
  )
  useShortcuts('Functions', [
    { keys: 'j', does: 'Next function', run: () => setAt(Math.min(rows.length - 1, at + 1)) },
    { keys: 'k', does: 'Previous function', run: () => setAt(Math.max(0, at - 1)) },
    { keys: 'Enter', does: 'Open it', run: () => rows[at] && open(rows[at].name) },
  ])
  const sortedBy = (key: FunctionSort): Pick<Column<ConsoleFunctionFigures>, 'sort' | 'onSort'> => ({
    sort: sort === key ? (key === 'name' ? 'ascending' : 'descending') : undefined,
    onSort: () => void navigate({ search: (before) => ({ ...before, sort: key === 'invocations' ? undefined : key }) }),
  })
  const columns: readonly Column<ConsoleFunctionFigures>[] = [
    {
      key: 'name',
      name: 'Function',
      width: 'minmax(150px, 2fr)',
      ...sortedBy('name'),
      render: ({ name, deployed }) => (deployed ? name : `${name} (not deployed here)`),
    },
    { key: 'runtime', name: 'Runtime', width: '100px', render: ({ runtime }) => runtime ?? '·' },
    { key: 'tracing', name: 'Tracing', width: '90px', render: ({ tracing }) => tracing ?? '·' },
    {
      key: 'invocations',
      name: 'Calls',
      width: '80px',
      number: true,
      ...sortedBy('invocations'),
      render: ({ invocations }) => count(invocations),
    },
    {
      key: 'errors',
      name: 'Errors',
      width: '104px',
      number: true,
      ...sortedBy('errors'),
      render: ({ errors, invocations }) =>
        errors === 0 ? (
          '·'
        ) : (
          <span className={styles['bad']}>{`✕ ${count(errors)} (${percent(errors, invocations)})`}</span>
        ),
    },
    { key: 'p50', name: 'p50', width: '76px', number: true, ...sortedBy('p50'), render: ({ p50Ms }) => timeOf(p50Ms) },
    { key: 'p95', name: 'p95', width: '76px', number: true, ...sortedBy('p95'), render: ({ p95Ms }) => timeOf(p95Ms) },
    { key: 'p99', name: 'p99', width: '76px', number: true, ...sortedBy('p99'), render: ({ p99Ms }) => timeOf(p99Ms) },
    {
      key: 'cold',
      name: 'Cold',
      width: '104px',
      number: true,
      ...sortedBy('cold'),
      render: ({ coldStarts, invocations }) =>
        coldStarts === 0 ? '·' : `❄ ${count(coldStarts)} (${percent(coldStarts, invocations)})`,
    },
    {
      key: 'memory',
      name: 'Memory',
      width: '150px',
      ...sortedBy('memory'),
      render: (of) => <MemoryBar used={of.maxMemoryMb} configured={of.memoryMb} />,
    },
    {
      key: 'last',
      name: 'Last call',
      width: '96px',
      render: ({ lastMs }) => (lastMs === undefined ? '·' : ago(lastMs, dataUpdatedAt)),
    },
  ]
  return (
    <div className={styles['page']}>
      <div className={styles['bar']}>
        <h1>Functions</h1>
        <input
          type="search"
          data-search
          aria-label="Find a function"
          placeholder="Find a function"
          value={q}
          onChange={(event) =>
            void navigate({ search: (before) => ({ ...before, q: event.target.value || undefined }), replace: true })
          }
        />
      </div>
      {error !== null && (
        <Failure what="The functions could not be read" error={error} onRetry={() => void refetch()} />
      )}
      {data === undefined ? (
        error === null && <Skeleton label="Functions" />
      ) : data.functions.length === 0 ? (
        <EmptyState title="No function yet">
          <p>Start fnscope in an app's directory, or deploy one while it runs; its functions are here at once.</p>
          <pre className={styles['command']}>fnscope deploy ./my-app</pre>
        </EmptyState>
      ) : rows.length === 0 ? (
        <EmptyState title={`No function is called like “${q}”`}>
          <p>There are {count(data.functions.length)} without that filter.</p>
          <button type="button" onClick={() => void navigate({ search: (before) => ({ ...before, q: undefined }) })}>
            Drop the filter
          </button>
        </EmptyState>
      ) : (
        <Table
          label="Functions"
          columns={columns}
          rows={rows}
          rowKey={({ name }) => name}
          at={at}
          onMove={setAt}
          onOpen={({ name }) => open(name)}
        />
      )}
    </div>
  )
}

function sorted(functions: readonly ConsoleFunctionFigures[], by: FunctionSort): readonly ConsoleFunctionFigures[] {
  const byName = (a: ConsoleFunctionFigures, b: ConsoleFunctionFigures): number => a.name.localeCompare(b.name)
  if (by === 'name') return functions.toSorted(byName)
  const valueOf = VALUES[by]
  return functions.toSorted((a, b) => valueOf(b) - valueOf(a) || byName(a, b))
}
