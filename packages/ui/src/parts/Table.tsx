// A long table: only the rows in view are drawn, one tab stop, arrows and j/k move, Enter opens. Rows are 28 px; in a
// narrow window each is a card, the cells below its name, and the head is a choice of what to sort by.
import { useEffect, type KeyboardEvent, type ReactNode } from 'react'
import styles from './parts.module.css'
import { useNarrow } from './use-narrow.ts'
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
const SORT_PX = 40
/** Of a card, in parts.module.css too: its padding and name, and each line of two cells. */
const CARD_PX = 38
const CARD_LINE_PX = 20

export function Table<Row>(props: TableProps<Row>): ReactNode {
  const { label, columns, rows, rowKey, at, onMove, onOpen, open, onEnd, total } = props
  const count = rows.length
  const isNarrow = useNarrow()
  const title = Math.max(
    0,
    columns.findIndex(({ key }) => key === 'name'),
  )
  const rowPx = isNarrow ? CARD_PX + Math.ceil((columns.length - 1) / 2) * CARD_LINE_PX : ROW_PX
  const { scroller, shown, reveal, fits } = useWindow<HTMLDivElement>(count, rowPx, isNarrow ? SORT_PX : ROW_PX)
  useEffect(() => {
    if (count > 0 && shown.end >= count) onEnd?.()
  }, [shown.end, count, onEnd])
  useEffect(() => reveal(at), [at, reveal])
  const template = isNarrow ? {} : { gridTemplateColumns: columns.map(({ width }) => width).join(' ') }
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
      data-cards={isNarrow || undefined}
      onKeyDown={move}
    >
      <div role="rowgroup" className={styles['tableHead']}>
        <div role="row" aria-rowindex={1} style={template}>
          {columns.map((column) => (
            <ColumnHead key={column.key} column={column} isNarrow={isNarrow} />
          ))}
          {isNarrow && <SortChoice columns={columns} />}
        </div>
      </div>
      <div role="rowgroup" className={styles['tableBody']} style={{ height: count * rowPx }}>
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
              style={{ ...template, height: rowPx, transform: `translateY(${index * rowPx}px)` }}
              onClick={() => {
                onMove(index)
                onOpen(row)
              }}
            >
              {columns.map(({ key, name, number, render }, column) => (
                <div
                  key={key}
                  role="gridcell"
                  data-name={name}
                  data-title={column === title || undefined}
                  className={number && !isNarrow ? 'number cut' : 'cut'}
                >
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

function ColumnHead<Row>({
  column: { name, number, sort, onSort },
  isNarrow,
}: {
  readonly column: Column<Row>
  readonly isNarrow: boolean
}): ReactNode {
  const canSort = onSort !== undefined
  return (
    <div
      role="columnheader"
      aria-sort={sort ?? (canSort ? 'none' : undefined)}
      className={isNarrow ? 'unseen' : number ? 'number' : ''}
    >
      {canSort && !isNarrow ? (
        <button type="button" className="plain" onClick={onSort}>
          {name}
          <span aria-hidden>{sort === 'ascending' ? ' ↑' : sort === 'descending' ? ' ↓' : ''}</span>
        </button>
      ) : (
        name
      )}
    </div>
  )
}

/** What the heads of columns do where there is no room for them. */
function SortChoice<Row>({ columns }: { readonly columns: readonly Column<Row>[] }): ReactNode {
  const choices = columns.filter(({ onSort }) => onSort !== undefined)
  if (choices.length === 0) return null
  const current = choices.find(({ sort }) => sort !== undefined)
  return (
    <div role="columnheader" className={styles['sortChoice']}>
      <label>
        Sort by{' '}
        <select
          value={current?.key ?? ''}
          onKeyDown={(event) => event.stopPropagation()}
          onChange={({ target }) => choices.find(({ key }) => key === target.value)?.onSort?.()}
        >
          {current === undefined && <option value="">–</option>}
          {choices.map(({ key, name }) => (
            <option key={key} value={key}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}
