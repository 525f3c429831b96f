// Ok, error, throttle, fault: a shape and a word as well as a colour.
import { CircleAlert, CircleCheck, CircleSlash, OctagonX } from 'lucide-react'
import type { ReactNode } from 'react'
import styles from './parts.module.css'

export interface StatusFlags {
  readonly error: boolean
  readonly fault: boolean
  readonly throttle: boolean
}

export type StatusName = 'ok' | 'error' | 'throttle' | 'fault'

/** The gravest of them. */
export function statusOf({ error, fault, throttle }: StatusFlags): StatusName {
  return fault ? 'fault' : throttle ? 'throttle' : error ? 'error' : 'ok'
}

const ICONS = { ok: CircleCheck, error: CircleAlert, throttle: CircleSlash, fault: OctagonX }

export function Status({ status, text }: { readonly status: StatusName; readonly text?: string }): ReactNode {
  const Icon = ICONS[status]
  return (
    <span className={styles['status']} data-status={status}>
      <Icon size={14} aria-hidden />
      {text ?? status}
    </span>
  )
}
