// Above the waterfall: search inside, log lines, zoom, exports.
import { ChevronDown, ChevronUp, Download, ScrollText, ZoomIn, ZoomOut } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import { count } from '../format.ts'
import { announce } from '../parts/announce.ts'
import { exportPng, exportSvg } from './export-picture.ts'
import type { Row, SpanTree } from './rows.ts'
import { WHOLE, zoom, type View } from './scale.ts'
import styles from './trace.module.css'
import type { TraceSearch } from './trace-search.ts'
import type { Found } from './use-found.ts'

export interface ToolbarProps {
  readonly tree: SpanTree
  readonly rows: readonly Row[]
  readonly view: View
  readonly find: string | undefined
  readonly found: Found
  readonly only: boolean
  readonly logs: boolean
  readonly onChange: (values: Partial<TraceSearch>) => void
  readonly onNext: (back: boolean) => void
  readonly onView: (view: View) => void
}

const TYPING_MS = 250

export function Toolbar(props: ToolbarProps): ReactNode {
  const { tree, rows, view, find, found, only, logs, onChange, onNext, onView } = props
  const [text, setText] = useState(find ?? '')
  useEffect(() => {
    if (text === (find ?? '')) return
    const timer = setTimeout(() => onChange({ find: text === '' ? undefined : text }), TYPING_MS)
    return () => clearTimeout(timer)
  }, [text, find, onChange])
  const said = find === undefined ? '' : `${count(found.total)} ${found.total === 1 ? 'match' : 'matches'}`
  useEffect(() => {
    if (said !== '') announce(said)
  }, [said])
  return (
    <div className={styles['toolbar']} role="toolbar" aria-label="Waterfall">
      <input
        type="search"
        data-search
        aria-label="Search inside this trace: names and values"
        placeholder="Search inside: names and values"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onNext(event.shiftKey)
          else if (event.key === 'Escape' && text === '')
            document.querySelector<HTMLElement>('[data-waterfall]')?.focus()
          else return
          event.preventDefault()
        }}
      />
      {find !== undefined && (
        <>
          <span className="dim">{said}</span>
          <button type="button" className="plain icon" aria-label="Match before" onClick={() => onNext(true)}>
            <ChevronUp size={15} aria-hidden />
          </button>
          <button type="button" className="plain icon" aria-label="Next match" onClick={() => onNext(false)}>
            <ChevronDown size={15} aria-hidden />
          </button>
          <button type="button" aria-pressed={only} onClick={() => onChange({ only: only ? undefined : true })}>
            Matches alone
          </button>
        </>
      )}
      <span className="grow" />
      <button
        type="button"
        className="plain"
        aria-pressed={logs}
        onClick={() => onChange({ logs: logs ? undefined : true })}
      >
        <ScrollText size={14} aria-hidden /> Logs
      </button>
      <button type="button" className="plain icon" aria-label="Zoom in" onClick={() => onView(zoom(view, 0.7))}>
        <ZoomIn size={15} aria-hidden />
      </button>
      <button type="button" className="plain icon" aria-label="Zoom out" onClick={() => onView(zoom(view, 1 / 0.7))}>
        <ZoomOut size={15} aria-hidden />
      </button>
      <button type="button" className="plain" disabled={view.from === 0 && view.to === 1} onClick={() => onView(WHOLE)}>
        Whole trace
      </button>
      <button type="button" className="plain" onClick={() => exportSvg(tree, rows)}>
        <Download size={14} aria-hidden /> SVG
      </button>
      <button type="button" className="plain" onClick={() => void exportPng(tree, rows)}>
        <Download size={14} aria-hidden /> PNG
      </button>
    </div>
  )
}
