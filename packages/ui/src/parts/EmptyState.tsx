// Nothing to show: what that means and what to do next, never a bare table.
import type { ReactNode } from 'react'
import styles from './parts.module.css'

export interface EmptyStateProps {
  readonly title: string
  readonly children?: ReactNode
  /** It is all there is on the page. */
  readonly isPage?: boolean
}

export function EmptyState({ title, children, isPage = false }: EmptyStateProps): ReactNode {
  const Title = isPage ? 'h1' : 'h2'
  return (
    <section className={styles['empty']}>
      <Title>{title}</Title>
      {children}
    </section>
  )
}
