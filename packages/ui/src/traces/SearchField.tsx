// The search field: X-Ray filter expressions and short `key:value`, with completion; where the server finds a mistake it
// is shown at its character.
import { useQuery } from '@tanstack/react-query'
import { useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { api, type Parameters } from '../api.ts'
import { completeKey, completeValue, placeIn, type Completion } from './completion.ts'
import { toFilter } from './short-form.ts'
import styles from './traces.module.css'

export interface SearchFieldProps {
  readonly value: string
  readonly onSearch: (text: string) => void
  /** `since` and `until`, in which words are looked up. */
  readonly range: Parameters
  /** The server's word on the expression. */
  readonly problem: string | undefined
}

const OF_FACETS = new Set(['service', 'function', 'fn'])
const STATUSES = ['ok', 'error', 'fault', 'throttle', '200', '400', '404', '429', '500', '502', '503', '504']

export function SearchField({ value, onSearch, range, problem }: SearchFieldProps): ReactNode {
  const field = useRef<HTMLInputElement>(null)
  const [text, setText] = useState(value)
  const [seen, setSeen] = useState(value)
  const [caret, setCaret] = useState(value.length)
  const [listed, setListed] = useState(false)
  const [at, setAt] = useState(-1)
  // The address changed under the field: back, a facet, a link.
  if (seen !== value) {
    setSeen(value)
    setText(value)
  }
  const place = placeIn(text, caret)
  const { key } = place
  const keys = useQuery({
    queryKey: ['keys', range],
    queryFn: ({ signal }) => api.keys(range, signal),
    enabled: listed,
    staleTime: 60_000,
  })
  const values = useQuery({
    queryKey: ['values', key, range],
    queryFn: async ({ signal }) => {
      if (key === 'status') return STATUSES
      if (OF_FACETS.has(key!)) return (await api.services(range, signal)).services
      return (await api.values({ ...range, key }, signal)).words
    },
    enabled: listed && key !== undefined,
    staleTime: 30_000,
  })
  const offered: readonly Completion[] = !listed
    ? []
    : key === undefined
      ? completeKey(place, keys.data?.words ?? [])
      : completeValue(place, values.data ?? [])
  const choose = ({ text: chosen }: Completion): void => {
    const before = text.slice(0, place.from) + chosen
    setText(before + text.slice(caret))
    setCaret(before.length)
    setAt(-1)
    requestAnimationFrame(() => {
      field.current?.focus()
      field.current?.setSelectionRange(before.length, before.length)
    })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const chosen = offered[at]
    if (step !== undefined && offered.length > 0)
      setAt(at + step < -1 ? offered.length - 1 : at + step >= offered.length ? -1 : at + step)
    else if ((event.key === 'Enter' || event.key === 'Tab') && chosen !== undefined) choose(chosen)
    else if (event.key === 'Enter') {
      setListed(false)
      onSearch(text.trim())
    } else if (event.key === 'Escape' && listed) setListed(false)
    else if (event.key === 'Escape') field.current?.blur()
    else return
    event.preventDefault()
  }
  const note = (): void => setCaret(field.current?.selectionStart ?? 0)
  return (
    <div className={styles['search']}>
      <input
        ref={field}
        type="search"
        data-search
        role="combobox"
        aria-label="Search traces"
        aria-expanded={offered.length > 0}
        aria-controls="completions"
        aria-activedescendant={at >= 0 && offered[at] ? `completion-${at}` : undefined}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : 'search-problem'}
        autoComplete="off"
        spellCheck={false}
        placeholder={'annotation.user = "brian1" AND fault, or short: user:brian1 status:>=500'}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setListed(true)
          setAt(-1)
          note()
        }}
        onKeyDown={onKeyDown}
        onKeyUp={note}
        onClick={note}
        onBlur={() => setListed(false)}
      />
      <ul id="completions" role="listbox" aria-label="Completions" hidden={offered.length === 0}>
        {offered.map((completion, index) => (
          <li
            key={completion.text + (completion.hint ?? '')}
            id={`completion-${index}`}
            role="option"
            aria-selected={index === at}
            onPointerDown={(event) => {
              event.preventDefault()
              choose(completion)
            }}
          >
            <code>{completion.text}</code> <span className="dim">{completion.hint}</span>
          </li>
        ))}
      </ul>
      {problem !== undefined && <Problem text={toFilter(value)} problem={problem} />}
    </div>
  )
}

/** The expression with a mark at the character that the server names. */
function Problem({ text, problem }: { readonly text: string; readonly problem: string }): ReactNode {
  const character = Number(/at character (\d+)/.exec(problem)?.[1] ?? NaN)
  const characters = Array.from(text)
  return (
    <div id="search-problem" className={styles['problem']} role="alert">
      <p>{problem}</p>
      {Number.isFinite(character) && (
        <pre>
          {characters.slice(0, character - 1).join('')}
          <mark>{characters[character - 1] ?? '␠'}</mark>
          {characters.slice(character).join('')}
        </pre>
      )}
    </div>
  )
}
