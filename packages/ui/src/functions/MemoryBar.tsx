// Memory that was used of what is configured: a bar with the numbers beside it.
import type { ReactNode } from 'react'
import styles from './functions.module.css'

export interface MemoryBarProps {
  readonly used: number | undefined
  readonly configured: number | undefined
}

export function MemoryBar({ used, configured }: MemoryBarProps): ReactNode {
  if (used === undefined) return configured === undefined ? '·' : `· of ${configured} MB`
  if (configured === undefined) return `${Math.round(used)} MB`
  const share = Math.min(1, used / configured)
  return (
    <span className={styles['memory']} data-full={share > 0.9}>
      <span aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      {Math.round(used)} of {configured} MB
    </span>
  )
}
