// Tabs by the ARIA pattern: arrows move, one tab stop. The panel is the caller's, inside.
import { useId, useRef, type KeyboardEvent, type ReactNode } from 'react'
import styles from './parts.module.css'

export interface TabsProps<Key extends string> {
  readonly label: string
  readonly tabs: readonly (readonly [Key, string])[]
  readonly selected: Key
  readonly onSelect: (key: Key) => void
  readonly children: ReactNode
}

export function Tabs<Key extends string>({ label, tabs, selected, onSelect, children }: TabsProps<Key>): ReactNode {
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const at = tabs.findIndex(([key]) => key === selected)
    const next = tabs[(at + step + tabs.length) % tabs.length]!
    onSelect(next[0])
    list.current?.querySelector<HTMLElement>(`[data-tab="${next[0]}"]`)?.focus()
  }
  return (
    <>
      <div ref={list} role="tablist" aria-label={label} className={styles['tabs']} onKeyDown={move}>
        {tabs.map(([key, name]) => (
          <button
            key={key}
            type="button"
            role="tab"
            data-tab={key}
            id={`${id}-${key}`}
            aria-selected={key === selected}
            aria-controls={`${id}-panel`}
            tabIndex={key === selected ? 0 : -1}
            onClick={() => onSelect(key)}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${selected}`} className={styles['tabPanel']}>
        {children}
      </div>
    </>
  )
}
