// Log lines, newest first, of any height: only those in view are drawn. One tab stop, arrows and j/k move, Enter opens.
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, type CSSProperties, type KeyboardEvent, type ReactNode } from 'react'
import { clock, day } from '../format.ts'
import type { KeyedLine } from './keyed-lines.ts'
import { Level } from './Level.tsx'
import { membersOf } from './line-members.ts'
import styles from './logs.module.css'

export interface LogListProps {
  readonly lines: readonly KeyedLine[]
  /** Paths of members that have a column. */
  readonly columns: readonly string[]
  readonly at: number
  readonly onMove: (at: number) => void
  readonly onOpen: (line: KeyedLine) => void
  readonly open: string | undefined
  readonly onRemoveColumn: (path: string) => void
  /** Whether the newest line is in view. */
  readonly onTop: (isAtTop: boolean) => void
}

const ROW_PX = 26
const PAGE_ROWS = 15

export function LogList(props: LogListProps): ReactNode {
  const { lines, columns, at, onMove, onOpen, open, onRemoveColumn, onTop } = props
  const scroller = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => lines[index]?.key ?? index,
    overscan: 12,
    scrollMargin: ROW_PX,
    scrollPaddingStart: ROW_PX,
  })
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at, { align: 'auto' })
  }, [at, rows])
  const tracks = [
    '92px',
    '64px',
    'minmax(70px, 130px)',
    ...columns.map(() => 'minmax(60px, 140px)'),
    'minmax(160px, 1fr)',
  ]
  // A property of its own: a narrow window has other columns, which a style sheet alone knows.
  const template = { '--columns': tracks.join(' ') } as CSSProperties
  const onKeyDown = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + PAGE_ROWS,
      PageUp: at - PAGE_ROWS,
      Home: 0,
      End: lines.length - 1,
    }
    const next = steps[event.key]
    if (next !== undefined) onMove(Math.max(0, Math.min(lines.length - 1, next)))
    else if (event.key === 'Enter' && lines[at]) onOpen(lines[at])
    else return
    event.preventDefault()
  }
  return (
    <div
      ref={scroller}
      role="grid"
      aria-label="Log lines"
      aria-rowcount={lines.length + 1}
      aria-activedescendant={at >= 0 && at < lines.length ? `line-${at}` : undefined}
      tabIndex={0}
      className={styles['list']}
      onKeyDown={onKeyDown}
      onScroll={({ currentTarget }) => onTop(currentTarget.scrollTop < ROW_PX)}
    >
      <div role="rowgroup" className={styles['head']}>
        <div role="row" aria-rowindex={1} style={template}>
          <div role="columnheader">Time</div>
          <div role="columnheader">Level</div>
          <div role="columnheader">From</div>
          {columns.map((path) => (
            <div key={path} role="columnheader" className="cut">
              <button
                type="button"
                className="plain"
                title={`Take the column ${path} away`}
                onClick={() => onRemoveColumn(path)}
              >
                {path} ✕
              </button>
            </div>
          ))}
          <div role="columnheader">Line</div>
        </div>
      </div>
      <div role="rowgroup" className={styles['rows']} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, key, start }) => {
          const line = lines[index]!
          return (
            <div
              key={key}
              ref={rows.measureElement}
              data-index={index}
              role="row"
              id={`line-${index}`}
              aria-rowindex={index + 2}
              aria-selected={index === at}
              data-open={open === line.key}
              className={styles['line']}
              style={{ ...template, transform: `translateY(${start - ROW_PX}px)` }}
              onClick={() => {
                onMove(index)
                onOpen(line)
              }}
            >
              <LineCells line={line} columns={columns} />
            </div>
          )
        })}
      </div>
    </div>
  )
}

function LineCells({ line, columns }: { readonly line: KeyedLine; readonly columns: readonly string[] }): ReactNode {
  const { message, members } = membersOf(line.body)
  const byPath = new Map(members)
  const others = members.filter(([path]) => !columns.includes(path) && !/^(level|severity|timestamp|time)$/i.test(path))
  return (
    <>
      <div role="gridcell" className={styles['time']} title={`${day(line.timeMs)} ${clock(line.timeMs)}`}>
        {clock(line.timeMs)}
      </div>
      <div role="gridcell">
        <Level level={line.level} />
      </div>
      <div role="gridcell" className="cut" title={line.function}>
        {line.function || line.logGroup}
      </div>
      {columns.map((path) => (
        <div key={path} role="gridcell" data-name={path} className={`cut ${styles['column']}`}>
          {byPath.get(path) ?? ''}
        </div>
      ))}
      <div role="gridcell" className={styles['body']}>
        {message}
        {message !== line.body &&
          others.slice(0, 12).map(([path, value]) => (
            <span key={path} className={styles['member']}>
              {' '}
              {path}=<b>{value.length > 80 ? `${value.slice(0, 80)}…` : value}</b>
            </span>
          ))}
      </div>
    </>
  )
}
