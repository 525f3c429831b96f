// An address that is none of the console's.
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { EmptyState } from '../parts/EmptyState.tsx'

export function NotFound(): ReactNode {
  return (
    <EmptyState title="There is no such page" isPage>
      <p>
        <Link to="/">Live</Link> and <Link to="/traces">Traces</Link> are; Ctrl K goes anywhere.
      </p>
    </EmptyState>
  )
}
