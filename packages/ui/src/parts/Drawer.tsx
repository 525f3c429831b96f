// The one drawer for details, at the right; on a narrow screen it covers the page. It takes the focus when it opens and
// gives it back; Escape closes it. Never two: a page has one.
import { X } from 'lucide-react'
import { useEffect, useRef, type ReactNode } from 'react'
import styles from './parts.module.css'
import { useShortcuts } from './shortcuts.ts'

export interface DrawerProps {
  readonly label: string
  readonly onClose: () => void
  readonly children: ReactNode
  /** Beside the label. */
  readonly actions?: ReactNode
  /** False: the list keeps the focus, as while one walks it with j and k. */
  readonly takesFocus?: boolean
}

export function Drawer({ label, onClose, children, actions, takesFocus = false }: DrawerProps): ReactNode {
  const ref = useRef<HTMLElement>(null)
  useEffect(() => {
    if (!takesFocus) return
    const before = document.activeElement
    ref.current?.focus()
    return () => {
      if (before instanceof HTMLElement) before.focus()
    }
  }, [takesFocus])
  useShortcuts('Drawer', [{ keys: 'Escape', does: 'Close the drawer', run: onClose }])
  return (
    <aside ref={ref} className={styles['drawer']} aria-label={label} tabIndex={-1}>
      <div className={styles['drawerHead']}>
        <h2 className="cut grow" title={label}>
          {label}
        </h2>
        {actions}
        <button type="button" className="plain icon" aria-label="Close" onClick={onClose}>
          <X size={16} aria-hidden />
        </button>
      </div>
      <div className={styles['drawerBody']} tabIndex={0} role="region" aria-label={`${label}: details`}>
        {children}
      </div>
    </aside>
  )
}
