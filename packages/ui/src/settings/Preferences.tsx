// What is kept in this browser alone: the theme, and whether single keys do something.
import { useState, type ReactNode } from 'react'
import { areShortcutsOn, setShortcutsOn } from '../parts/shortcuts.ts'
import { setTheme, useTheme, type Theme } from '../theme.ts'
import styles from './settings.module.css'

const THEMES: readonly (readonly [Theme, string])[] = [
  ['system', 'As the system says'],
  ['light', 'Light'],
  ['dark', 'Dark'],
]

export function Preferences(): ReactNode {
  const theme = useTheme()
  const [on, setOn] = useState(areShortcutsOn())
  return (
    <section>
      <h2>This browser</h2>
      <fieldset className={styles['choices']}>
        <legend className="unseen">Theme</legend>
        {THEMES.map(([value, name]) => (
          <label key={value}>
            <input type="radio" name="theme" checked={theme === value} onChange={() => setTheme(value)} />
            {name}
          </label>
        ))}
      </fieldset>
      <div className={styles['choices']}>
        <label>
          <input
            type="checkbox"
            checked={on}
            onChange={() => {
              setShortcutsOn(!on)
              setOn(!on)
            }}
          />
          <span>
            Single-key shortcuts (<kbd>?</kbd> shows them all)
          </span>
        </label>
      </div>
    </section>
  )
}
