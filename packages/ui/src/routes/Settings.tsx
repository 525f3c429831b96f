// Settings: a first one, the keyboard's; doors, retention, sampling rules and prices follow.
import { useState, type ReactNode } from 'react'
import { areShortcutsOn, setShortcutsOn } from '../parts/shortcuts.ts'

export function Settings(): ReactNode {
  const [on, setOn] = useState(areShortcutsOn())
  return (
    <section style={{ padding: 16 }}>
      <h1>Settings</h1>
      <label className="row">
        <input
          type="checkbox"
          checked={on}
          onChange={() => {
            setShortcutsOn(!on)
            setOn(!on)
          }}
        />
        Single-key shortcuts
      </label>
    </section>
  )
}
