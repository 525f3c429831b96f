// Keys with their values, as plain text: nothing of it is ever markup. Each value can be copied, and filtered for where
// the page can do that.
import { Filter, FilterX } from 'lucide-react'
import type { ReactNode } from 'react'
import { valueText } from '../format.ts'
import { CopyButton } from './CopyButton.tsx'
import styles from './parts.module.css'

export interface KeyValueProps {
  readonly values: Readonly<Record<string, unknown>>
  readonly onFilter?: (key: string, value: unknown, exclude: boolean) => void
}

export function KeyValue({ values, onFilter }: KeyValueProps): ReactNode {
  return (
    <dl className={styles['keyValue']}>
      {Object.entries(values).map(([key, value]) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>
            <pre>{typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : valueText(value)}</pre>
          </dd>
          <dd className={styles['actions']}>
            {onFilter && (
              <>
                <button
                  type="button"
                  className="plain icon"
                  aria-label={`Filter for ${key}`}
                  onClick={() => onFilter(key, value, false)}
                >
                  <Filter size={13} aria-hidden />
                </button>
                <button
                  type="button"
                  className="plain icon"
                  aria-label={`Filter out ${key}`}
                  onClick={() => onFilter(key, value, true)}
                >
                  <FilterX size={13} aria-hidden />
                </button>
              </>
            )}
            <CopyButton text={valueText(value)} label={`Copy ${key}`} />
          </dd>
        </div>
      ))}
    </dl>
  )
}
