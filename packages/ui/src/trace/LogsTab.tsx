// The log lines of a trace, in order of time; one opens its span in the waterfall.
import { useNavigate } from '@tanstack/react-router'
import { useMemo, type ReactNode } from 'react'
import type { ConsoleLogLine } from '../../../fnscope/src/api/console-types.ts'
import { clock } from '../format.ts'
import { EmptyState } from '../parts/EmptyState.tsx'
import { Failure } from '../parts/Failure.tsx'
import { Skeleton } from '../parts/Skeleton.tsx'
import type { SpanTree } from './rows.ts'
import { logsByRow } from './trace-logs.ts'
import styles from './trace.module.css'

export interface LogsTabProps {
  readonly tree: SpanTree
  readonly lines: readonly ConsoleLogLine[]
  readonly error: unknown
  readonly loading: boolean
}

export function LogsTab({ tree, lines, error, loading }: LogsTabProps): ReactNode {
  const navigate = useNavigate({ from: '/trace/$id' })
  const rowOf = useMemo(() => {
    const rows = new Map<ConsoleLogLine, number>()
    for (const [row, own] of logsByRow(tree, lines)) for (const line of own) rows.set(line, row)
    return rows
  }, [tree, lines])
  if (error !== null && error !== undefined) return <Failure what="The log lines could not be read" error={error} />
  if (loading) return <Skeleton label="Logs" />
  if (lines.length === 0)
    return (
      <EmptyState title="No log lines of this trace are here">
        <p>
          Lines belong to a trace by the Lambda request that they were written in, or by the trace id that an SDK put in
          them.
        </p>
      </EmptyState>
    )
  return (
    <div className={styles['rawTab']} style={{ padding: 0 }} role="region" aria-label="Log lines" tabIndex={0}>
      {lines.map((line) => (
        <button
          key={line.received + line.body.slice(0, 40)}
          type="button"
          className={styles['logLine']}
          onClick={() =>
            void navigate({
              search: (before) => ({ ...before, tab: undefined, sel: tree.columns.spans.id[rowOf.get(line) ?? 0] }),
            })
          }
        >
          <span className="mono dim">{clock(line.timeMs)}</span>
          <b>{line.severity || line.kind}</b>
          <span className="cut">{line.function}</span>
          <pre>{line.body.slice(0, 20_000)}</pre>
        </button>
      ))}
    </div>
  )
}
