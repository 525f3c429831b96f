// A long table: only the rows in view are drawn, one tab stop, arrows and j/k move, Enter opens. Rows are 28 px.
import { useEffect, type KeyboardEvent, type ReactNode } from 'react'
import styles from './parts.module.css'
import { useWindow } from './window.ts'

export interface Column<Row> {
  readonly key: string
  readonly name: string
  /** A CSS grid track: `90px`, `minmax(120px, 1fr)`. */
  readonly width: string
  readonly number?: boolean
  readonly render: (row: Row) => ReactNode
  /** Sorted by it: shown on the head. */
  readonly sort?: 'ascending' | 'descending' | undefined
  readonly onSort?: () => void
}

export interface TableProps<Row> {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  /** Index of the row that the keyboard is on; -1 for none yet. */
  readonly at: number
  readonly onMove: (at: number) => void
  readonly onOpen: (row: Row) => void
  /** Key of the row that is open beside the table. */
  readonly open?: string | undefined
  /** Called when the end is near: the next page. */
  readonly onEnd?: () => void
  /** Of all, where more exist than are here. */
  readonly total?: number
}

const ROW_PX = 28

export function Table<Row>(props: TableProps<Row>): ReactNode {
  const { label, columns, rows, rowKey, at, onMove, onOpen, open, onEnd, total } = props
  const count = rows.length
  const { scroller, shown, reveal, fits } = useWindow<HTMLDivElement>(count, ROW_PX, ROW_PX)
  useEffect(() => {
    if (count > 0 && shown.end >= count) onEnd?.()
  }, [shown.end, count, onEnd])
  useEffect(() => reveal(at), [at, reveal])
  const template = columns.map(({ width }) => width).join(' ')
  const move = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + fits(),
      PageUp: at - fits(),
      Home: 0,
      End: count - 1,
    }
    const next = steps[event.key]
    if (next !== undefined) {
      event.preventDefault()
      onMove(Math.max(0, Math.min(count - 1, next)))
    } else if (event.key === 'Enter' && rows[at] !== undefined) {
      event.preventDefault()
      onOpen(rows[at])
    }
  }
  const id = (index: number): string => `${label.replaceAll(/\W/g, '')}-${index}`
  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={(total ?? count) + 1}
      aria-activedescendant={at >= 0 && at < count ? id(at) : undefined}
      tabIndex={0}
      className={styles['table']}
      onKeyDown={move}
    >
      <div role="rowgroup" className={styles['tableHead']}>
        <div role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
          {columns.map(({ key, name, number, sort, onSort }) => (
            <div
              key={key}
              role="columnheader"
              aria-sort={sort ?? (onSort ? 'none' : undefined)}
              className={number ? 'number' : ''}
            >
              {onSort ? (
                <button type="button" className="plain" onClick={onSort}>
                  {name}
                  <span aria-hidden>{sort === 'ascending' ? ' ↑' : sort === 'descending' ? ' ↓' : ''}</span>
                </button>
              ) : (
                name
              )}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className={styles['tableBody']} style={{ height: count * ROW_PX }}>
        {rows.slice(shown.first, shown.end).map((row, offset) => {
          const index = shown.first + offset
          return (
            <div
              key={rowKey(row)}
              role="row"
              id={id(index)}
              aria-rowindex={index + 2}
              aria-selected={index === at}
              data-open={open === rowKey(row)}
              className={styles['tableRow']}
              style={{ gridTemplateColumns: template, transform: `translateY(${index * ROW_PX}px)` }}
              onClick={() => {
                onMove(index)
                onOpen(row)
              }}
            >
              {columns.map(({ key, number, render }) => (
                <div key={key} role="gridcell" className={number ? 'number cut' : 'cut'}>
                  {render(row)}
                </div>
              ))}
            </div>
          )
        })}
      </div>
    </div>
  )
}
