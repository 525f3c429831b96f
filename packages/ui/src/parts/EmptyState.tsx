// Nothing to show: what that means and what to do next, never a bare table.
import type { ReactNode } from 'react'
import styles from './parts.module.css'

export interface EmptyStateProps {
  readonly title: string
  readonly children?: ReactNode
}

export function EmptyState({ title, children }: EmptyStateProps): ReactNode {
  return (
    <section className={styles['empty']}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}
