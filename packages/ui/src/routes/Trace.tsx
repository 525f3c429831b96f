// One trace: what it is at the top, below it the waterfall, its logs, or it as it is stored.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useMemo, useState, type ReactNode } from 'react'
import { api, ApiError } from '../api.ts'
import { count } from '../format.ts'
import { EmptyState } from '../parts/EmptyState.tsx'
import { Failure } from '../parts/Failure.tsx'
import { Skeleton } from '../parts/Skeleton.tsx'
import { Tabs } from '../parts/Tabs.tsx'
import { LogsTab } from '../trace/LogsTab.tsx'
import { RawTab } from '../trace/RawTab.tsx'
import { buildTree, type SpanTree } from '../trace/rows.ts'
import styles from '../trace/trace.module.css'
import { TraceHeader } from '../trace/TraceHeader.tsx'
import type { TraceTab } from '../trace/trace-search.ts'
import { WaterfallTab } from '../trace/WaterfallTab.tsx'

const TABS: readonly (readonly [TraceTab, string])[] = [
  ['waterfall', 'Waterfall'],
  ['logs', 'Logs'],
  ['raw', 'Raw'],
]
const STILL_COMING_MS = 2000
/** A trace older than this gets nothing more. */
const MAY_COME_MS = 15 * 60_000

export function Trace(): ReactNode {
  const { id } = useParams({ from: '/trace/$id' })
  const { sel, tab = 'waterfall' } = useSearch({ from: '/trace/$id' })
  const navigate = useNavigate({ from: '/trace/$id' })
  // Spans below which more was asked for, and ones that are wanted wherever they are.
  const [open, setOpen] = useState<readonly string[]>([])
  const [include, setInclude] = useState<readonly string[]>(sel === undefined ? [] : [sel])
  const asked = { open: open.join(','), include: include.join(',') }
  const { data, error, refetch } = useQuery({
    queryKey: ['trace', id, asked],
    queryFn: ({ signal }) => api.trace(id, asked, signal),
    placeholderData: (before, query) => (query?.queryKey[1] === id ? keepPreviousData(before) : undefined),
    refetchInterval: ({ state }) =>
      state.data?.partial === true && Date.now() - state.data.startMs < MAY_COME_MS ? STILL_COMING_MS : false,
  })
  const logs = useQuery({
    queryKey: ['trace-logs', data?.id, data?.durationMs],
    queryFn: ({ signal }) => api.logs({ trace: data?.id, sinceMs: sinceMs(data?.startMs ?? 0), limit: 5000 }, signal),
    enabled: data !== undefined,
    placeholderData: keepPreviousData,
  })
  const tree = useMemo(() => data && buildTree(data), [data])
  const lines = logs.data?.lines ?? []
  if (tree === undefined) {
    if (error instanceof ApiError && error.status === 404) return <NoTrace message={error.message} />
    if (error !== null)
      return <Failure what="The trace could not be read" error={error} onRetry={() => void refetch()} />
    return <Skeleton label="Trace" rows={20} />
  }
  return (
    <div className={styles['page']}>
      <TraceHeader tree={tree} lines={lines} />
      <Notices tree={tree} />
      {error !== null && (
        <Failure what="The trace could not be read again" error={error} onRetry={() => void refetch()} />
      )}
      <Tabs
        label="Views of the trace"
        tabs={TABS}
        selected={tab}
        onSelect={(key) =>
          void navigate({ search: (before) => ({ ...before, tab: key === 'waterfall' ? undefined : key }) })
        }
      >
        {tab === 'waterfall' && (
          <WaterfallTab
            key={tree.columns.id}
            tree={tree}
            lines={lines}
            onMore={(spanId) => setOpen((before) => [...before, spanId])}
            onInclude={(ids) => setInclude((before) => [...new Set([...before, ...ids])].slice(-500))}
          />
        )}
        {tab === 'logs' && <LogsTab tree={tree} lines={lines} error={logs.error} loading={logs.isLoading} />}
        {tab === 'raw' && <RawTab id={tree.columns.id} />}
      </Tabs>
    </div>
  )
}

const HOUR_MS = 3_600_000

/** A day of the server's clock before the trace began is enough for its lines. */
function sinceMs(startMs: number): number {
  return Math.min(Math.max(HOUR_MS, Date.now() - startMs + 24 * HOUR_MS), 3_650 * 24 * HOUR_MS)
}

function Notices({ tree: { columns, count: shown } }: { readonly tree: SpanTree }): ReactNode {
  const { spanCount, truncated, partial, spans } = columns
  const orphans = spans.flags.filter((flags) => (flags & 64) !== 0).length
  const notes = [
    ...(shown < spanCount
      ? [
          `${count(shown)} of ${count(spanCount)} spans are here: the first ones, all that failed and the critical path. Rows that say so load more.`,
        ]
      : []),
    ...(truncated ? [`The store reads at most ${count(spanCount)} spans of a trace: there may be more.`] : []),
    ...(orphans > 0
      ? [
          `${count(orphans)} ${orphans === 1 ? 'span refers' : 'spans refer'} to a parent not seen (yet): they stand at the top.`,
        ]
      : []),
    ...(partial && orphans === 0 ? ['This trace is still arriving, or somebody who was called does not report.'] : []),
  ]
  return notes.map((note) => (
    <p key={note} className={styles['notice']}>
      {note}
    </p>
  ))
}

function NoTrace({ message }: { readonly message: string }): ReactNode {
  return (
    <EmptyState title="There is no such trace" isPage>
      <p>{message}</p>
      <p>
        How long traces are kept stands in the settings; <a href="/traces">the traces that are here</a> can be searched.
      </p>
    </EmptyState>
  )
}
