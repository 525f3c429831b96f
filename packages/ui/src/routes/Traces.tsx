// The search for traces: field, facets, latencies, the list. All of it stands in the address.
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Download, X } from 'lucide-react'
import { useMemo, useState, type FormEvent, type ReactNode } from 'react'
import type { ConsoleTraceRow } from '../../../fnscope/src/api/console-types.ts'
import { api, ApiError } from '../api.ts'
import { ago, count, duration, moment } from '../format.ts'
import { EmptyState } from '../parts/EmptyState.tsx'
import { Failure } from '../parts/Failure.tsx'
import { saveAs } from '../parts/save-as.ts'
import { useShortcuts } from '../parts/shortcuts.ts'
import { Skeleton } from '../parts/Skeleton.tsx'
import { Status, statusOf } from '../parts/Status.tsx'
import { Table, type Column } from '../parts/Table.tsx'
import { rangeParameters } from '../range.ts'
import { rowsToCsv } from '../traces/export-rows.ts'
import { Facets } from '../traces/Facets.tsx'
import { HeatMap } from '../traces/HeatMap.tsx'
import { NoTraces } from '../traces/NoTraces.tsx'
import { SearchField } from '../traces/SearchField.tsx'
import {
  formatFacets,
  readFacets,
  toggleFacet,
  tracesParameters,
  type FacetChoice,
  type Sort,
} from '../traces/traces-search.ts'
import styles from '../traces/traces.module.css'

const PAGE = 100
const LIVE_MS = 3000
const TRACE_ID = /^(1-[0-9a-f]{8}-[0-9a-f]{24}|[0-9a-f]{32})$/i

export function Traces(): ReactNode {
  const search = useSearch({ from: '/traces' })
  const navigate = useNavigate({ from: '/traces' })
  const [at, setAt] = useState(-1)
  const parameters = tracesParameters(search)
  const refetchMs = search.live === true ? LIVE_MS : false
  const list = useInfiniteQuery({
    queryKey: ['traces', parameters],
    queryFn: ({ pageParam, signal }) => api.traces({ ...parameters, limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ cursor }) => cursor,
    placeholderData: keepPreviousData,
    refetchInterval: refetchMs,
  })
  const latencies = useQuery({
    queryKey: ['latencies', parameters],
    queryFn: ({ signal }) => api.latencies({ ...parameters, columns: 120 }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: refetchMs,
  })
  const choices = readFacets(search.f)
  const sort = search.sort ?? '-start'
  const rows = useMemo(() => sorted(list.data?.pages.flatMap(({ traces }) => traces) ?? [], sort), [list.data, sort])
  const problem = list.error instanceof ApiError && list.error.code === 'FNS_USAGE' ? list.error.message : undefined
  const change = (values: Partial<typeof search>): void => {
    setAt(-1)
    void navigate({ search: (before) => ({ ...before, ...values }) })
  }
  const find = (text: string): void => {
    if (TRACE_ID.test(text)) void navigate({ to: '/trace/$id', params: { id: text } })
    else change({ q: text === '' ? undefined : text })
  }
  const open = (row: ConsoleTraceRow | undefined): void => {
    if (row !== undefined) void navigate({ to: '/trace/$id', params: { id: row.id } })
  }
  const toggle = (choice: FacetChoice): void => change({ f: formatFacets(toggleFacet(choices, choice)) })
  useShortcuts('Traces', [
    { keys: 'j', does: 'Next trace', run: () => setAt(Math.min(rows.length - 1, at + 1)) },
    { keys: 'k', does: 'Trace above', run: () => setAt(Math.max(0, at - 1)) },
    { keys: 'Enter', does: 'Open the trace', run: () => open(rows[at]) },
  ])
  const range = rangeParameters({ ...(search.from && { from: search.from }), ...(search.to && { to: search.to }) })
  const loading = list.isPending
  const hasConditions =
    search.q !== undefined || choices.length > 0 || search.min !== undefined || search.max !== undefined
  return (
    <div className={styles['page']}>
      <h1 className="unseen">Traces</h1>
      <div className={styles['bar']}>
        <SearchField value={search.q ?? ''} onSearch={find} range={range} problem={problem} />
        <DurationFields key={`${search.min}-${search.max}`} min={search.min} max={search.max} onChange={change} />
      </div>
      {choices.length > 0 && (
        <div className={styles['chips']}>
          {choices.map((choice) => (
            <button key={`${choice.name}${choice.value}`} type="button" onClick={() => toggle(choice)}>
              {choice.exclude ? 'without ' : ''}
              {choice.name}: {choice.value} <X size={12} aria-label="drop" role="img" />
            </button>
          ))}
        </div>
      )}
      <div className={styles['beside']}>
        <Facets parameters={parameters} choices={choices} onToggle={toggle} refetchMs={refetchMs} />
        <div className={styles['results']} data-stale={list.isPlaceholderData || undefined}>
          {latencies.data !== undefined && (
            <HeatMap
              latencies={latencies.data}
              onBrush={({ fromMs, toMs, minMs, maxMs }) =>
                change({ from: String(fromMs), to: String(toMs), min: minMs, max: maxMs })
              }
            />
          )}
          {list.error !== null && problem === undefined && (
            <Failure what="The traces could not be read" error={list.error} onRetry={() => void list.refetch()} />
          )}
          {loading && <Skeleton label="Traces" rows={16} />}
          {!loading && rows.length === 0 && list.error === null && !list.hasNextPage && (
            <NoTraces search={search} choices={choices} hasConditions={hasConditions} onChange={change} />
          )}
          {!loading && rows.length === 0 && list.hasNextPage && (
            <EmptyState title="None so far">
              <button type="button" onClick={() => void list.fetchNextPage()}>
                Look further back
              </button>
            </EmptyState>
          )}
          {rows.length > 0 && (
            <>
              <ResultHead rows={rows} more={list.hasNextPage} sort={sort} />
              <Table
                label="Traces"
                columns={columnsOf(sort, (next) => change({ sort: next === '-start' ? undefined : next }))}
                rows={rows}
                rowKey={({ id }) => id}
                at={at}
                onMove={setAt}
                onOpen={open}
                onEnd={() => {
                  if (list.hasNextPage && !list.isFetching) void list.fetchNextPage()
                }}
              />
            </>
          )}
        </div>
      </div>
    </div>
  )
}

function sorted(rows: readonly ConsoleTraceRow[], sort: Sort): readonly ConsoleTraceRow[] {
  // A trace that comes while one pages may stand on two pages.
  const each = [...new Map(rows.map((row) => [row.id, row])).values()]
  const key = sort.endsWith('duration') ? 'durationMs' : 'startMs'
  return each.sort((a, b) => (sort.startsWith('-') ? b[key] - a[key] : a[key] - b[key]))
}

function columnsOf(sort: Sort, onSort: (sort: Sort) => void): readonly Column<ConsoleTraceRow>[] {
  const by = (name: 'start' | 'duration') => ({
    sort: sort === name ? ('ascending' as const) : sort === `-${name}` ? ('descending' as const) : undefined,
    onSort: () => onSort(sort === `-${name}` ? name : `-${name}`),
  })
  const now = Date.now()
  return [
    {
      key: 'start',
      name: 'Began',
      width: '110px',
      ...by('start'),
      render: ({ startMs }) => <span title={moment(startMs)}>{ago(startMs, now)}</span>,
    },
    { key: 'status', name: 'Status', width: '84px', render: (row) => <Status status={statusOf(row)} /> },
    {
      key: 'name',
      name: 'Root',
      width: 'minmax(120px, 1.4fr)',
      render: ({ name, partial }) => (
        <>
          {name.slice(0, 300) || '(no name)'}
          {partial && <span className="dim"> · arriving</span>}
        </>
      ),
    },
    {
      key: 'http',
      name: 'Request',
      width: 'minmax(90px, 1fr)',
      render: ({ method = '', url = '' }) => `${method} ${url}`.slice(0, 300),
    },
    { key: 'code', name: 'HTTP', width: '46px', number: true, render: ({ status }) => status ?? '' },
    {
      key: 'duration',
      name: 'Duration',
      width: '92px',
      number: true,
      ...by('duration'),
      render: ({ durationMs }) => duration(durationMs),
    },
    { key: 'id', name: 'Trace', width: '150px', render: ({ id }) => <code className="dim">{id}</code> },
  ]
}

function ResultHead({
  rows,
  more,
  sort,
}: {
  readonly rows: readonly ConsoleTraceRow[]
  readonly more: boolean
  readonly sort: Sort
}): ReactNode {
  const save = (type: 'json' | 'csv'): void => {
    const text = type === 'json' ? JSON.stringify(rows, null, 2) : rowsToCsv(rows)
    saveAs(`traces.${type}`, new Blob([text], { type: type === 'json' ? 'application/json' : 'text/csv' }))
  }
  return (
    <div className={styles['resultHead']}>
      <span>
        {count(rows.length)} traces{more ? ', more as you scroll' : ''}
        {more && sort !== '-start' ? '; sorted are those that are here' : ''}
      </span>
      <span className="grow" />
      <button type="button" className="plain" onClick={() => save('json')}>
        <Download size={14} aria-hidden /> JSON
      </button>
      <button type="button" className="plain" onClick={() => save('csv')}>
        <Download size={14} aria-hidden /> CSV
      </button>
    </div>
  )
}

interface DurationFieldsProps {
  readonly min: number | undefined
  readonly max: number | undefined
  readonly onChange: (values: { readonly min: number | undefined; readonly max: number | undefined }) => void
}

/** What a brush on the heat map sets, by keyboard. */
function DurationFields({ min, max, onChange }: DurationFieldsProps): ReactNode {
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const number = (name: string): number | undefined => {
      const text = form.get(name)
      return typeof text === 'string' && text !== '' ? Number(text) : undefined
    }
    onChange({ min: number('min'), max: number('max') })
  }
  return (
    <form className={styles['durations']} onSubmit={submit}>
      <input
        type="number"
        name="min"
        min="0"
        step="any"
        defaultValue={min}
        placeholder="min ms"
        aria-label="Shortest duration in milliseconds"
      />
      <span aria-hidden>–</span>
      <input
        type="number"
        name="max"
        min="0"
        step="any"
        defaultValue={max}
        placeholder="max ms"
        aria-label="Longest duration in milliseconds"
      />
      <button type="submit">Apply</button>
    </form>
  )
}
