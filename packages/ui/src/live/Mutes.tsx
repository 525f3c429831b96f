// What is muted on the Live page: kept in this browser, to be heard again one by one.
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { count } from '../format.ts'
import styles from './live.module.css'

const KEY = 'fnscope.live.mutes'
const MOST = 50

export function readMutes(): ReadonlySet<string> {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '[]') as unknown
    return new Set(Array.isArray(kept) ? kept.filter((one) => typeof one === 'string').slice(-MOST) : [])
  } catch {
    return new Set()
  }
}

export function saveMutes(mutes: ReadonlySet<string>): void {
  if (mutes.size === 0) localStorage.removeItem(KEY)
  else localStorage.setItem(KEY, JSON.stringify([...mutes].slice(-MOST)))
}

export interface MutesProps {
  readonly mutes: ReadonlySet<string>
  readonly muted: number
  readonly onChange: (mutes: ReadonlySet<string>) => void
}

export function Mutes({ mutes, muted, onChange }: MutesProps): ReactNode {
  if (mutes.size === 0) return null
  return (
    <details className={styles['mutes']}>
      <summary>
        {mutes.size} muted{muted > 0 && `, ${count(muted)} not shown`}
      </summary>
      <ul>
        {[...mutes].map((key) => (
          <li key={key}>
            <span className="cut grow">{key}</span>
            <button
              type="button"
              className="plain icon"
              aria-label={`Hear ${key} again`}
              onClick={() => onChange(new Set([...mutes].filter((one) => one !== key)))}
            >
              <X size={13} aria-hidden />
            </button>
          </li>
        ))}
      </ul>
    </details>
  )
}
