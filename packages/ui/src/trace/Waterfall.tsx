// The waterfall: a treegrid of which only the rows in view are in the document. One tab stop; the row that the keyboard
// is on is told by aria-activedescendant and always drawn.
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'
import { duration } from '../format.ts'
import { drawnRows, slotOf, useWindow } from '../parts/window.ts'
import type { Row, SpanTree } from './rows.ts'
import { placeOf, ticks, type View } from './scale.ts'
import styles from './trace.module.css'
import { rowId, WaterfallRow, type SpanMarks } from './WaterfallRow.tsx'

export interface WaterfallProps {
  readonly tree: SpanTree
  readonly rows: readonly Row[]
  readonly marks: ReadonlyMap<number, SpanMarks>
  readonly view: View
  /** Place in `rows` of the row the keyboard is on; -1 for none. */
  readonly at: number
  /** The span whose panel is open. */
  readonly open: number | undefined
  readonly collapsed: ReadonlySet<string>
  readonly matches: ReadonlySet<number>
  readonly onMove: (at: number) => void
  readonly onOpen: (row: Row) => void
  readonly onFold: (span: number, fold: boolean) => void
}

export const ROW_PX = 24
const HEAD_PX = 26
/** What aria-rowindex is of the first: the head is 1. */
const FIRST_ROW = 2
const NAME_KEY = 'fnscope.waterfall.name'
const NARROWEST = 160

export function Waterfall(props: WaterfallProps): ReactNode {
  const { tree, rows, marks, view, at, open, collapsed, matches, onMove, onOpen, onFold } = props
  const { scroller, shown, isScrolling, reveal, fits } = useWindow<HTMLDivElement>(rows.length, ROW_PX, HEAD_PX)
  const [namePx, setNamePx] = useState(() => Number(localStorage.getItem(NAME_KEY)) || 380)
  useEffect(() => reveal(at), [at, reveal])
  const drawn = useMemo(() => {
    const indexes = drawnRows(shown, isScrolling)
    if (at >= 0 && at < rows.length && (at < shown.first || at >= shown.end)) indexes.push(at)
    return indexes.filter((index) => index < rows.length)
  }, [shown, isScrolling, at, rows.length])

  const keyOf = (index: number): string =>
    index >= shown.first && index < shown.end ? `slot-${slotOf(index, shown)}` : 'elsewhere'

  const fold = (): void => {
    const row = rows[at]
    if (row?.kind !== 'span') return
    const isOpen = tree.end[row.span]! > row.span + 1 && !collapsed.has(tree.columns.spans.id[row.span]!)
    if (isOpen) return onFold(row.span, true)
    const parent = tree.columns.spans.parent[row.span]!
    const above = rows.findIndex(({ kind, span }) => kind === 'span' && span === parent)
    if (above >= 0) onMove(above)
  }
  const unfold = (): void => {
    const row = rows[at]
    if (row?.kind !== 'span') return
    if (collapsed.has(tree.columns.spans.id[row.span]!)) onFold(row.span, false)
    else if (tree.end[row.span]! > row.span + 1) onMove(at + 1)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    const last = rows.length - 1
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + fits(),
      PageUp: at - fits(),
      Home: 0,
      End: last,
    }
    const actions: Readonly<Record<string, () => void>> = {
      ArrowLeft: fold,
      ArrowRight: unfold,
      Enter: () => rows[at] && onOpen(rows[at]),
    }
    const move = moves[event.key]
    const action = actions[event.key]
    if (move !== undefined) onMove(Math.max(0, Math.min(last, move)))
    else if (action !== undefined) action()
    else return
    event.preventDefault()
  }
  // One listener for all rows: they stay what they are when it changes.
  const onClick = (event: MouseEvent): void => {
    if (!(event.target instanceof Element)) return
    const index = Number(event.target.closest('[role=row]')?.getAttribute('aria-rowindex') ?? NaN) - FIRST_ROW
    const row = rows[index]
    if (row === undefined) return
    onMove(index)
    const isFold = event.target.closest('[data-fold]') !== null
    if (isFold) onFold(row.span, !collapsed.has(tree.columns.spans.id[row.span]!))
    else onOpen(row)
  }
  const resize = (px: number): void => {
    const width = Math.max(NARROWEST, Math.min(900, Math.round(px)))
    setNamePx(width)
    localStorage.setItem(NAME_KEY, String(width))
  }
  return (
    <div
      ref={scroller}
      role="treegrid"
      aria-label="Waterfall"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={rows[at] && rowId(rows[at])}
      tabIndex={0}
      data-waterfall
      className={styles['waterfall']}
      style={{ '--name': `${namePx}px` } as React.CSSProperties}
      onKeyDown={onKeyDown}
      onClick={onClick}
    >
      <div role="rowgroup" className={styles['head']}>
        <div role="row" aria-rowindex={1}>
          <div role="columnheader" className={styles['nameHead']}>
            Span
            <NameResize px={namePx} onResize={resize} />
          </div>
          <div role="columnheader" className={styles['serviceCell']}>
            Service
          </div>
          <div role="columnheader" className={styles['timeCell']}>
            Duration
          </div>
          <div role="columnheader" className={styles['barCell']} aria-label="Time">
            <Ruler tree={tree} view={view} />
          </div>
        </div>
      </div>
      <div role="rowgroup" className={styles['body']} style={{ height: rows.length * ROW_PX }}>
        {drawn.map((index) => {
          const row = rows[index]!
          return (
            <WaterfallRow
              key={keyOf(index)}
              tree={tree}
              row={row}
              index={index}
              rowPx={ROW_PX}
              view={view}
              at={index === at}
              open={row.kind === 'span' && row.span === open}
              collapsed={collapsed.has(tree.columns.spans.id[row.span]!)}
              match={row.kind === 'span' && matches.has(row.span)}
              marks={row.kind === 'span' ? marks.get(row.span) : undefined}
            />
          )
        })}
      </div>
    </div>
  )
}

function Ruler({ tree, view }: { readonly tree: SpanTree; readonly view: View }): ReactNode {
  return ticks(tree.lengthUs, view).map((us) => {
    const left = placeOf(us, tree.lengthUs, view)
    return left > 93 ? null : (
      <span key={us} className={styles['tick']} style={{ left: `${left}%` }}>
        {duration(us / 1000)}
      </span>
    )
  })
}

/** Drag, or arrow keys. */
function NameResize({ px, onResize }: { readonly px: number; readonly onResize: (px: number) => void }): ReactNode {
  const from = useRef<{ readonly x: number; readonly px: number }>(undefined)
  return (
    <span
      role="slider"
      aria-orientation="horizontal"
      aria-label="Width of the span column"
      aria-valuenow={px}
      aria-valuemin={NARROWEST}
      aria-valuemax={900}
      tabIndex={0}
      className={styles['resize']}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -20, ArrowRight: 20 }[event.key]
        if (step === undefined) return
        event.preventDefault()
        event.stopPropagation()
        onResize(px + step)
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        from.current = { x: event.clientX, px }
      }}
      onPointerMove={(event) => {
        if (from.current) onResize(from.current.px + event.clientX - from.current.x)
      }}
      onPointerUp={() => {
        from.current = undefined
      }}
    />
  )
}
