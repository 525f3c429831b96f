// The pages, at the left; on a narrow screen at the bottom.
import { Link } from '@tanstack/react-router'
import { PanelLeftClose, PanelLeftOpen } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { PAGES } from '../pages.ts'
import styles from './shell.module.css'

const KEY = 'fnscope.rail'

export function Rail(): ReactNode {
  const [wide, setWide] = useState(localStorage.getItem(KEY) === 'wide')
  const toggle = (): void => {
    localStorage.setItem(KEY, wide ? 'narrow' : 'wide')
    setWide(!wide)
  }
  return (
    <nav className={styles['rail']} data-wide={wide} aria-label="Pages">
      <ul>
        {PAGES.map(({ to, name, key, icon: Icon }) => (
          <li key={to}>
            <Link
              to={to}
              title={`${name} (g ${key})`}
              activeOptions={{ exact: to === '/', includeSearch: false }}
              activeProps={{ 'aria-current': 'page' }}
            >
              <Icon size={19} aria-hidden />
              <span>{name}</span>
            </Link>
          </li>
        ))}
      </ul>
      <button type="button" className="plain icon" aria-expanded={wide} aria-label="Names in the rail" onClick={toggle}>
        {wide ? <PanelLeftClose size={17} aria-hidden /> : <PanelLeftOpen size={17} aria-hidden />}
      </button>
    </nav>
  )
}
