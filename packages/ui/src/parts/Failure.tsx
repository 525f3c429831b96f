// What failed, in the server's words, with a way to try again; the rest of the page stays.
import { TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { ApiError } from '../api.ts'
import styles from './parts.module.css'

export interface FailureProps {
  /** `The traces could not be read`. */
  readonly what: string
  readonly error: unknown
  readonly onRetry?: () => void
}

export function Failure({ what, error, onRetry }: FailureProps): ReactNode {
  return (
    <div className={styles['failure']} role="alert">
      <TriangleAlert size={16} aria-hidden />
      <div className="grow">
        <strong>{what}</strong>
        <p>{error instanceof Error ? error.message : String(error)}</p>
        {error instanceof ApiError && error.code !== '' && <code className="dim">{error.code}</code>}
      </div>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}
