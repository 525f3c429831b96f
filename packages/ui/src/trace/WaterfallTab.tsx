// The waterfall with what steers it: search, folding, zoom, keys, the panel of the selected span.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import type { ConsoleLogLine } from '../../../fnscope/src/api/console-types.ts'
import { useShortcuts } from '../parts/shortcuts.ts'
import { Minimap } from './Minimap.tsx'
import { FAILED, foldable, foldedAbove, timeOf, visibleRows, type Row, type SpanTree } from './rows.ts'
import { clampView, formatView, pan, readView, WHOLE, zoom, type View } from './scale.ts'
import { SpanPanel } from './SpanPanel.tsx'
import { marksOf } from './span-marks.ts'
import { logsByRow } from './trace-logs.ts'
import styles from './trace.module.css'
import { Toolbar } from './Toolbar.tsx'
import { useFound } from './use-found.ts'
import { Waterfall } from './Waterfall.tsx'
import { rowId } from './WaterfallRow.tsx'

export interface WaterfallTabProps {
  readonly tree: SpanTree
  readonly lines: readonly ConsoleLogLine[]
  /** More children of a span are wanted. */
  readonly onMore: (spanId: string) => void
  /** These spans are wanted, wherever they are. */
  readonly onInclude: (ids: readonly string[]) => void
}

const NONE: ReadonlySet<string> = new Set()

export function WaterfallTab({ tree, lines, onMore, onInclude }: WaterfallTabProps): ReactNode {
  const search = useSearch({ from: '/trace/$id' })
  const navigate = useNavigate({ from: '/trace/$id' })
  const { id } = tree.columns.spans
  const [collapsed, setCollapsed] = useState(NONE)
  const [atId, setAtId] = useState(search.sel === undefined ? 'span-0' : '')
  const found = useFound(tree, search.find, onInclude)
  const logs = useMemo(() => logsByRow(tree, lines), [tree, lines])
  const marks = useMemo(() => marksOf(tree), [tree])
  const only = search.only === true && search.find !== undefined ? found.rows : undefined
  const rows = useMemo(
    () => visibleRows(tree, { collapsed, only, logs: search.logs === true ? logs : undefined }),
    [tree, collapsed, only, logs, search.logs],
  )
  const places = useMemo(() => new Map(rows.map((row, index) => [rowId(row), index])), [rows])
  const at = places.get(atId) ?? -1
  const view = readView(search.z) ?? WHOLE
  const open = search.sel === undefined ? undefined : tree.rowOf.get(search.sel)

  const change = useCallback(
    (values: Partial<typeof search>, replace = false): void =>
      void navigate({ search: (before) => ({ ...before, ...values }), replace }),
    [navigate],
  )
  const setView = (next: View): void => change({ z: formatView(next) }, true)
  const moveTo = (index: number): void => {
    const row = rows[index]
    if (row !== undefined) setAtId(rowId(row))
  }
  const goTo = useCallback(
    (span: number): void => {
      setCollapsed((before) => {
        const closed = foldedAbove(tree, span, before)
        return closed.length === 0 ? before : new Set([...before].filter((one) => !closed.includes(one)))
      })
      setAtId(`span-${span}`)
    },
    [tree],
  )
  // The row of the address, once it is here.
  const shown = useRef<string>(undefined)
  useEffect(() => {
    if (open === undefined || shown.current === search.sel) return
    shown.current = search.sel
    goTo(open)
  }, [open, search.sel, goTo])

  const openRow = (row: Row): void => {
    if (row.kind === 'more') return onMore(id[row.span]!)
    const spanId = id[row.span]!
    shown.current = spanId
    change({ sel: spanId }, search.sel !== undefined)
  }
  const fold = (span: number, close: boolean): void => {
    const next = new Set(collapsed)
    if (close) next.add(id[span]!)
    else next.delete(id[span]!)
    setCollapsed(next)
  }
  /** The next of the rows after (or before) where the keyboard is, around the end. */
  const next = (spans: readonly number[], back = false): void => {
    if (spans.length === 0) return
    const here = rows[at]?.span ?? -1
    const ahead = back ? spans.findLast((span) => span < here) : spans.find((span) => span > here)
    goTo(ahead ?? (back ? spans.at(-1)! : spans[0]!))
  }
  const failed = (): number[] => tree.columns.spans.flags.flatMap((flags, row) => ((flags & FAILED) === 0 ? [] : [row]))
  const targets = (): number[] => (search.find === undefined ? failed() : [...found.rows].sort((a, b) => a - b))
  /** Folds or unfolds one level: the deepest that is open, the highest that is closed. */
  const level = (close: boolean): void => {
    const foldables = foldable(tree).map((spanId) => tree.rowOf.get(spanId)!)
    const wanted = foldables.filter(
      (row) => collapsed.has(id[row]!) !== close && foldedAbove(tree, row, collapsed).length === 0,
    )
    const depths = wanted.map((row) => tree.depth[row]!)
    const depth = close
      ? depths.reduce((a, b) => Math.max(a, b), -1)
      : depths.reduce((a, b) => Math.min(a, b), Infinity)
    const changed = wanted.filter((row) => tree.depth[row] === depth).map((row) => id[row]!)
    setCollapsed(
      close ? new Set([...collapsed, ...changed]) : new Set([...collapsed].filter((one) => !changed.includes(one))),
    )
  }
  const zoomToSpan = (): void => {
    const row = rows[at]
    if (row === undefined) return
    const { startUs, endUs } = timeOf(tree, row.span)
    const margin = (endUs - startUs) * 0.05
    setView(clampView({ from: (startUs - margin) / tree.lengthUs, to: (endUs + margin) / tree.lengthUs }))
  }
  useShortcuts('Waterfall', [
    { keys: 'j', does: 'Next row', run: () => moveTo(Math.min(rows.length - 1, at + 1)) },
    { keys: 'k', does: 'Row above', run: () => moveTo(Math.max(0, at - 1)) },
    { keys: 'Enter', does: 'Open the span', run: () => rows[at] && openRow(rows[at]) },
    { keys: '[', does: 'Expand all', run: () => setCollapsed(NONE) },
    { keys: ']', does: 'Collapse all', run: () => setCollapsed(new Set(foldable(tree))) },
    { keys: 'o', does: 'Expand one level', run: () => level(false) },
    { keys: 'p', does: 'Collapse one level', run: () => level(true) },
    { keys: 'w', does: 'Zoom in', run: () => setView(zoom(view, 0.7)) },
    { keys: 's', does: 'Zoom out', run: () => setView(zoom(view, 1 / 0.7)) },
    { keys: 'a', does: 'Earlier', run: () => setView(pan(view, -0.15)) },
    { keys: 'd', does: 'Later', run: () => setView(pan(view, 0.15)) },
    { keys: 'Shift+a', does: 'Much earlier', run: () => setView(pan(view, -0.8)) },
    { keys: 'Shift+d', does: 'Much later', run: () => setView(pan(view, 0.8)) },
    { keys: 'f', does: 'Zoom to the span', run: zoomToSpan },
    { keys: '0', does: 'The whole trace', run: () => setView(WHOLE) },
    { keys: 'n', does: 'Next match, or error', run: () => next(targets()) },
    { keys: 'Shift+n', does: 'Match or error before', run: () => next(targets(), true) },
    { keys: 'e', does: 'Next error', run: () => next(failed()) },
    {
      keys: 'l',
      does: 'Log lines among the spans',
      run: () => change({ logs: search.logs === true ? undefined : true }, true),
    },
  ])
  const filter = (key: string, value: unknown, exclude: boolean): void => {
    const name = /^[A-Za-z0-9_.]+$/.test(key) ? key : JSON.stringify(key)
    const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
    const q = `annotation[${name.startsWith('"') ? name.slice(1, -1) : name}] ${exclude ? '!=' : '='} ${text}`
    void navigate({ to: '/traces', search: { q } })
  }
  return (
    <>
      <Toolbar
        tree={tree}
        rows={rows}
        view={view}
        find={search.find}
        found={found}
        only={search.only === true}
        logs={search.logs === true}
        onChange={(values) => change(values, true)}
        onNext={(back) => next(targets(), back)}
        onView={setView}
      />
      <Minimap tree={tree} view={view} onView={setView} />
      <div className={styles['beside']}>
        <div className={styles['left']}>
          <Waterfall
            tree={tree}
            rows={rows}
            marks={marks}
            view={view}
            at={at}
            open={open}
            collapsed={collapsed}
            matches={found.rows}
            onMove={moveTo}
            onOpen={openRow}
            onFold={fold}
          />
        </div>
        {open !== undefined && (
          <SpanPanel
            traceId={tree.columns.id}
            tree={tree}
            row={open}
            logs={logs.get(open) ?? []}
            onClose={() => change({ sel: undefined })}
            onFilter={filter}
          />
        )}
      </div>
    </>
  )
}
