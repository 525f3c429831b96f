// Environment and account, time range, where to search everything, theme.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Moon, Search, Sun, SunMoon } from 'lucide-react'
import type { ReactNode } from 'react'
import { api } from '../api.ts'
import { rangeParameters } from '../range.ts'
import { setTheme, useTheme, type Theme } from '../theme.ts'
import { LiveToggle } from './LiveToggle.tsx'
import { RangePicker } from './RangePicker.tsx'
import styles from './shell.module.css'

const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' }
const ICONS = { system: SunMoon, light: Sun, dark: Moon }

export function TopBar({ onPalette }: { readonly onPalette: () => void }): ReactNode {
  const theme = useTheme()
  const Icon = ICONS[theme]
  return (
    <header className={styles['top']}>
      <span className={styles['name']}>fnscope</span>
      <Switch name="environment" label="Environment" />
      <Switch name="account" label="Account" />
      <button type="button" className={styles['search']} onClick={onPalette}>
        <Search size={14} aria-hidden />
        <span className="cut">Go to anything, paste any id</span>
        <kbd>Ctrl K</kbd>
      </button>
      <LiveToggle />
      <RangePicker />
      <button
        type="button"
        className="plain icon"
        aria-label={`Theme: ${theme}`}
        title={`Theme: ${theme}`}
        onClick={() => setTheme(NEXT[theme])}
      >
        <Icon size={16} aria-hidden />
      </button>
    </header>
  )
}

/** Shown where the data has more than one. */
function Switch({ name, label }: { readonly name: 'environment' | 'account'; readonly label: string }): ReactNode {
  const navigate = useNavigate()
  const { from, to, [name]: selected } = useSearch({ from: '__root__' })
  const { data } = useQuery({
    queryKey: ['facets', 'switch', from, to],
    queryFn: ({ signal }) =>
      api.facets({ ...rangeParameters({ ...(from && { from }), ...(to && { to }) }), limit: 50 }, signal),
    staleTime: 30_000,
  })
  const values = (data?.facets[name] ?? []).map(({ value }) => value).filter((value) => value !== '')
  if (selected !== undefined && !values.includes(selected)) values.push(selected)
  if (values.length < 2 && selected === undefined) return null
  return (
    <select
      aria-label={label}
      value={selected ?? ''}
      onChange={(event) =>
        void navigate({ to: '.', search: (before) => ({ ...before, [name]: event.target.value || undefined }) })
      }
    >
      <option value="">{label}: all</option>
      {values.map((value) => (
        <option key={value}>{value}</option>
      ))}
    </select>
  )
}
