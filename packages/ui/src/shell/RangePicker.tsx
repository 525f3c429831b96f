// The time range: presets, or two times. It stands in the address of every page.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Clock } from 'lucide-react'
import { useRef, useState, type FormEvent, type ReactNode } from 'react'
import { moment } from '../format.ts'
import { DEFAULT_FROM, PRESETS, rangeName, timeMs } from '../range.ts'
import styles from './shell.module.css'

/** As an <input type=datetime-local> has it. */
function localTime(ms: number): string {
  return moment(ms).replace(' ', 'T').slice(0, 19)
}

function timeOf(value: FormDataEntryValue | null): number {
  return typeof value === 'string' ? Date.parse(value) : NaN
}

export function RangePicker(): ReactNode {
  const navigate = useNavigate()
  const search = useSearch({ from: '__root__' })
  const popover = useRef<HTMLDivElement>(null)
  // Of the moment it was last opened, which is what its two fields begin with.
  const [now, setNow] = useState(() => Date.now())
  const choose = (from: string, to?: string): void => {
    popover.current?.hidePopover()
    void navigate({
      to: '.',
      search: (before) => ({ ...before, from: from === DEFAULT_FROM && !to ? undefined : from, to }),
    })
  }
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const from = timeOf(form.get('from'))
    const to = timeOf(form.get('to'))
    if (from < to) choose(String(from), String(to))
  }
  const range = { ...(search.from && { from: search.from }), ...(search.to && { to: search.to }) }
  return (
    <>
      <button
        type="button"
        className={styles['range']}
        popoverTarget="range"
        aria-label={`Time range: ${rangeName(range, moment)}`}
      >
        <Clock size={14} aria-hidden />
        <span className="cut">{rangeName(range, moment)}</span>
      </button>
      <div
        id="range"
        ref={popover}
        popover="auto"
        onToggle={() => setNow(Date.now())}
        className={styles['rangePopover']}
      >
        {PRESETS.map(([age, name]) => (
          <button
            key={age}
            type="button"
            className="plain"
            aria-pressed={(search.from ?? DEFAULT_FROM) === age && !search.to}
            onClick={() => choose(age)}
          >
            {name}
          </button>
        ))}
        <form onSubmit={submit} key={`${search.from}-${search.to}-${now}`}>
          <label>
            From
            <input
              type="datetime-local"
              name="from"
              step="1"
              required
              defaultValue={localTime(timeMs(search.from ?? DEFAULT_FROM, now))}
            />
          </label>
          <label>
            To
            <input
              type="datetime-local"
              name="to"
              step="1"
              required
              defaultValue={localTime(search.to ? timeMs(search.to, now) : now)}
            />
          </label>
          <button type="submit" className="primary">
            Show
          </button>
        </form>
      </div>
    </>
  )
}
