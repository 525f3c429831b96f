// A page that is not there yet: it says so.
import type { ReactNode } from 'react'
import { EmptyState } from '../parts/EmptyState.tsx'

export function NotBuilt(): ReactNode {
  return (
    <EmptyState title="This page is not there yet">
      <p>The command line has what it will show: fnscope --help.</p>
    </EmptyState>
  )
}
