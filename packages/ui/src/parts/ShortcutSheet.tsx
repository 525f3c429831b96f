// Every key that does something here and now (`?`).
import type { ReactNode } from 'react'
import { Dialog } from './Dialog.tsx'
import styles from './parts.module.css'
import { areShortcutsOn, shortcutGroups } from './shortcuts.ts'

export function ShortcutSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  return (
    <Dialog label="Keyboard shortcuts" onClose={onClose} className={styles['sheet']}>
      <div className="row">
        <h2 className="grow">Keyboard</h2>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      {!areShortcutsOn() && <p>Single keys are switched off in the settings.</p>}
      <div className={styles['sheetGroups']}>
        {shortcutGroups().map(({ name, shortcuts }) => (
          <section key={name}>
            <h3>{name}</h3>
            <dl>
              {shortcuts.map(({ keys, does }) => (
                <div key={keys}>
                  <dt>
                    {keys.split(' ').map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
