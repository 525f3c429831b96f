// The traces of a function's calls, newest first, further pages as one goes down.
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import type { ConsoleTraceRow } from '../../../fnscope/src/api/console-types.ts'
import { api } from '../api.ts'
import { duration, moment } from '../format.ts'
import { EmptyState } from '../parts/EmptyState.tsx'
import { Failure } from '../parts/Failure.tsx'
import { useLiveEvents } from '../parts/live-events.ts'
import { useShortcuts } from '../parts/shortcuts.ts'
import { Skeleton } from '../parts/Skeleton.tsx'
import { Status, statusOf } from '../parts/Status.tsx'
import { Table, type Column } from '../parts/Table.tsx'
import { rangeParameters } from '../range.ts'

const PAGE = 100

const COLUMNS: readonly Column<ConsoleTraceRow>[] = [
  { key: 'time', name: 'Time', width: '180px', render: ({ startMs }) => moment(startMs) },
  { key: 'status', name: 'Status', width: '90px', render: (row) => <Status status={statusOf(row)} /> },
  { key: 'duration', name: 'Duration', width: '90px', number: true, render: ({ durationMs }) => duration(durationMs) },
  { key: 'name', name: 'Began at', width: 'minmax(100px, 1fr)', render: ({ name, url }) => url ?? name },
  { key: 'id', name: 'Trace', width: '290px', render: ({ id }) => <code>{id}</code> },
]

export function Invocations({ name }: { readonly name: string }): ReactNode {
  const { from, to, live = false } = useSearch({ from: '/functions/$name' })
  const navigate = useNavigate()
  const [at, setAt] = useState(-1)
  const asked = { ...rangeParameters({ ...(from && { from }), ...(to && { to }) }), service: name, limit: PAGE }
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['invocations', asked],
    queryFn: ({ pageParam, signal }) => api.traces({ ...asked, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ cursor }) => cursor,
  })
  useLiveEvents(['trace'], live, { on: () => void refetch(), missed: () => void refetch() })
  const rows = data?.pages.flatMap(({ traces }) => traces) ?? []
  const open = (row: ConsoleTraceRow | undefined): void =>
    void (row && navigate({ to: '/trace/$id', params: { id: row.id } }))
  useShortcuts('Invocations', [
    { keys: 'j', does: 'Next call', run: () => setAt(Math.min(rows.length - 1, at + 1)) },
    { keys: 'k', does: 'Previous call', run: () => setAt(Math.max(0, at - 1)) },
    { keys: 'Enter', does: 'Open its trace', run: () => open(rows[at]) },
  ])
  if (error !== null) return <Failure what="The calls could not be read" error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Skeleton label="Calls" />
  if (rows.length === 0)
    return (
      <EmptyState title="No traced call in this time">
        <p>Choose a longer time, or call it: its trace is here within a second.</p>
        <button
          type="button"
          onClick={() => void navigate({ to: '/functions/$name', params: { name }, search: { tab: 'invoke' } })}
        >
          Call it now
        </button>
      </EmptyState>
    )
  return (
    <Table
      label="Calls"
      columns={COLUMNS}
      rows={rows}
      rowKey={({ id }) => id}
      at={at}
      onMove={setAt}
      onOpen={open}
      onEnd={() => void (hasNextPage && !isFetchingNextPage && fetchNextPage())}
    />
  )
}
