// How long a call took, and of what that was made: initialization (hatched), handler, overhead, and what lies around them.
import { Snowflake } from 'lucide-react'
import type { ReactNode } from 'react'
import { duration } from '../format.ts'
import { statusOf } from '../parts/Status.tsx'
import type { LiveRow } from './feed.ts'
import styles from './live.module.css'
import { shareOfPhases } from './phase-shares.ts'

export interface PhaseBarProps {
  readonly row: Extract<LiveRow, { kind: 'trace' }>
  /** Of the width of the cell. */
  readonly percent: number
}

export function PhaseBar({ row: { trace, phases }, percent }: PhaseBarProps): ReactNode {
  const width = `${percent}%`
  const status = statusOf(trace)
  if (phases === undefined) return <span className={styles['phases']} data-status={status} style={{ width }} />
  const { initMs, handlerMs, overheadMs } = phases
  const { init, overhead } = shareOfPhases(phases, trace.durationMs)
  const parts: readonly (readonly [name: string, ms: number])[] = [
    ['init', initMs],
    ['handler', handlerMs],
    ['overhead', overheadMs],
  ]
  const words = parts.flatMap(([name, ms]) => (ms > 0 ? [`${name} ${duration(ms)}`] : [])).join(', ')
  return (
    <span
      role="img"
      aria-label={words}
      title={words}
      className={styles['phases']}
      data-status={status}
      style={{ width }}
    >
      {init > 0 && <i className={styles['init']} style={{ width: `${init}%` }} />}
      {overhead > 0 && (
        <i className={styles['overhead']} style={{ width: `${overhead}%`, marginLeft: 'auto', borderRight: 0 }} />
      )}
    </span>
  )
}

export function ColdMark(): ReactNode {
  return (
    <span className={styles['cold']}>
      <Snowflake size={11} aria-hidden /> cold
    </span>
  )
}
