// Copies a text and says that it did.
import { Check, Copy } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { announce } from './announce.ts'
import styles from './parts.module.css'

export interface CopyButtonProps {
  readonly text: string
  readonly label: string
  /** Shown beside the icon. */
  readonly children?: ReactNode
}

export async function copyText(text: string): Promise<void> {
  await navigator.clipboard.writeText(text)
  announce('Copied.')
}

export function CopyButton({ text, label, children }: CopyButtonProps): ReactNode {
  const [done, setDone] = useState(false)
  const copy = (): void => {
    copyText(text).then(
      () => {
        setDone(true)
        setTimeout(() => setDone(false), 1500)
      },
      () => announce('The browser did not let it be copied.'),
    )
  }
  return (
    <button
      type="button"
      className={children === undefined ? 'plain icon' : 'plain'}
      aria-label={label}
      title={label}
      onClick={copy}
    >
      {done ? <Check size={13} aria-hidden /> : <Copy size={13} aria-hidden />}
      {children}
    </button>
  )
}

/** A text that is there to be copied, with its button. */
export function Copied({ text, label }: { readonly text: string; readonly label: string }): ReactNode {
  return (
    <span className={styles['copied']}>
      <code>{text}</code>
      <CopyButton text={text} label={label} />
    </span>
  )
}
