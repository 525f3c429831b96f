// One row of the waterfall. Drawn again only when something of it changes: what it gets is plain and stable.
import { CircleAlert, CircleSlash, Link2, OctagonX, Snowflake, Unlink } from 'lucide-react'
import { memo, type ReactNode } from 'react'
import { clock, count, duration } from '../format.ts'
import { blameOf } from './blame.ts'
import { phaseOf } from './phases.ts'
import { childTime, FAILED, FLAG, outside, timeOf, type Row, type SpanTree } from './rows.ts'
import { barOf, placeOf, type View } from './scale.ts'
import styles from './trace.module.css'

export interface WaterfallRowProps {
  readonly tree: SpanTree
  readonly row: Row
  /** Of the list; its place and its number for those who listen. */
  readonly index: number
  readonly rowPx: number
  readonly view: View
  readonly at: boolean
  readonly open: boolean
  readonly collapsed: boolean
  readonly match: boolean
  /** Stretches of the critical path and events, `from-to`, by row. */
  readonly marks: SpanMarks | undefined
}

export interface SpanMarks {
  readonly path: readonly (readonly [fromUs: number, toUs: number])[]
  readonly events: readonly (readonly [atUs: number, name: string])[]
}

const DEEPEST = 24
const INDENT_PX = 12

export const rowId = (row: Row): string => `${row.kind}-${row.span}${row.kind === 'log' ? `-${row.line.received}` : ''}`

export const WaterfallRow = memo(function WaterfallRow(props: WaterfallRowProps): ReactNode {
  const { row, tree, index, rowPx, at } = props
  const depth = tree.depth[row.span]! + (row.kind === 'span' ? 0 : 1)
  const below = row.kind === 'span' && (tree.end[row.span]! > row.span + 1 || tree.hidden[row.span]! > 0)
  return (
    <div
      role="row"
      id={rowId(row)}
      aria-level={depth + 1}
      aria-rowindex={index + 2}
      aria-selected={at}
      aria-expanded={below ? !props.collapsed : undefined}
      data-hue={row.kind === 'span' ? tree.hueOf.get(tree.columns.spans.service[row.span]!) : undefined}
      data-open={props.open}
      data-match={props.match}
      className={styles['row']}
      style={{ transform: `translateY(${index * rowPx}px)`, height: rowPx }}
    >
      {row.kind === 'span' ? (
        <SpanCells {...props} span={row.span} below={below} depth={depth} />
      ) : (
        <div role="gridcell" className={styles['note']} style={{ paddingLeft: indent(depth) + 22 }}>
          {row.kind === 'more' ? (
            `${count(tree.hidden[row.span]!)} more children: Enter loads them`
          ) : (
            <>
              <span className="dim">{clock(row.line.timeMs)}</span> <b>{row.line.severity}</b>{' '}
              {row.line.body.slice(0, 500)}
            </>
          )}
        </div>
      )}
    </div>
  )
})

const indent = (depth: number): number => Math.min(depth, DEEPEST) * INDENT_PX + 4

interface SpanCellsProps extends WaterfallRowProps {
  readonly span: number
  readonly below: boolean
  readonly depth: number
}

function SpanCells({ tree, span, view, below, depth, collapsed, marks }: SpanCellsProps): ReactNode {
  const { spans, words } = tree.columns
  const flags = spans.flags[span]!
  const name = words[spans.name[span]!]!
  const durationUs = spans.durationUs[span]!
  const blame = blameOf(tree, span)
  const saysIt = blame !== undefined && (depth === 0 || !isToldBelow(tree, span, blame.whose))
  const phase = phaseOf(tree, span)
  const took = durationUs < 0 ? 'in progress' : duration(durationUs / 1000)
  const label = `${took} at ${duration(spans.startUs[span]! / 1000)}${blame ? `, ${blame.words}` : ''}`
  return (
    <>
      <div role="gridcell" className={styles['nameCell']} style={{ paddingLeft: indent(depth) }}>
        {depth > DEEPEST && <span className={styles['deep']}>+{count(depth - DEEPEST)}</span>}
        <span className={styles['fold']} data-fold={below || undefined} data-closed={collapsed || undefined} />
        <FailureIcon flags={flags} />
        <span className="cut" title={name.slice(0, 500)}>
          {name === '' ? '(no name)' : name.slice(0, 300)}
        </span>
        {phase !== undefined && <span className={styles['chip']}>{phase}</span>}
        {(flags & FLAG.coldStart) !== 0 && (
          <span className={styles['cold']}>
            <Snowflake size={11} aria-hidden /> cold
          </span>
        )}
        {blame && saysIt && (
          <span className={styles['blame']} data-whose={blame.whose}>
            {blame.words}
          </span>
        )}
        {(flags & FLAG.orphan) !== 0 && (
          <span className={styles['chip']} title="Its parent has not been seen (yet)">
            <Unlink size={11} aria-hidden /> no parent
          </span>
        )}
        {(flags & FLAG.links) !== 0 && <Link2 size={12} aria-label="has links" role="img" />}
      </div>
      <div role="gridcell" className={styles['serviceCell']}>
        {words[spans.service[span]!]!.slice(0, 100)}
      </div>
      <div role="gridcell" className={styles['timeCell']}>
        {took}
      </div>
      <div role="gridcell" aria-label={label} className={styles['barCell']}>
        <Bars tree={tree} span={span} view={view} marks={marks} />
      </div>
    </>
  )
}

/** A child failed in the same way: what went up from there is said there, and at the top. */
function isToldBelow(tree: SpanTree, span: number, whose: string): boolean {
  for (let child = span + 1; child < tree.end[span]!; child = tree.end[child]!)
    if (blameOf(tree, child)?.whose === whose) return true
  return false
}

function FailureIcon({ flags }: { readonly flags: number }): ReactNode {
  if ((flags & FAILED) === 0) return null
  const [Icon, status] =
    (flags & FLAG.fault) !== 0
      ? ([OctagonX, 'fault'] as const)
      : (flags & FLAG.throttle) !== 0
        ? ([CircleSlash, 'throttle'] as const)
        : ([CircleAlert, 'error'] as const)
  return <Icon size={13} role="img" aria-label={status} className={styles['failure']} data-status={status} />
}

function barStatus(flags: number): string | undefined {
  if ((flags & FLAG.fault) !== 0) return 'failed'
  if ((flags & FLAG.throttle) !== 0) return 'throttle'
  return (flags & FLAG.error) !== 0 ? 'error' : undefined
}

type BarsProps = Pick<WaterfallRowProps, 'tree' | 'view' | 'marks'> & { readonly span: number }

function Bars({ tree, span, view, marks }: BarsProps): ReactNode {
  const { spans } = tree.columns
  const { startUs, endUs } = timeOf(tree, span)
  const flags = spans.flags[span]!
  const bar = barOf(startUs, endUs, tree.lengthUs, view)
  const out = outside(tree, span)
  const status = barStatus(flags)
  return (
    <>
      {bar !== undefined && (
        <span
          className={styles['bar']}
          data-status={status}
          data-open={(flags & FLAG.inProgress) !== 0 || undefined}
          style={{ left: `${bar.left}%`, width: `${bar.width}%`, backgroundImage: selfTime(tree, span, view) }}
        />
      )}
      {out !== undefined && out.beforeUs > 0 && (
        <Outside tree={tree} view={view} fromUs={startUs} toUs={startUs + out.beforeUs} />
      )}
      {out !== undefined && out.afterUs > 0 && (
        <Outside tree={tree} view={view} fromUs={endUs - out.afterUs} toUs={endUs} />
      )}
      {marks?.path.map(([from, to]) => {
        const part = barOf(from, to, tree.lengthUs, view)
        return (
          part && (
            <span key={from} className={styles['path']} style={{ left: `${part.left}%`, width: `${part.width}%` }} />
          )
        )
      })}
      {marks &&
        clustered(marks.events, tree, view).map(({ left, names }) => (
          <span
            key={left}
            className={styles['event']}
            style={{ left: `${left}%` }}
            title={names.join('\n')}
            data-many={names.length > 1 || undefined}
          />
        ))}
    </>
  )
}

/** Outside of the parent's time: a thin line, nothing corrected. */
function Outside({
  tree,
  view,
  fromUs,
  toUs,
}: {
  readonly tree: SpanTree
  readonly view: View
  readonly fromUs: number
  readonly toUs: number
}): ReactNode {
  const part = barOf(fromUs, toUs, tree.lengthUs, view)
  if (part === undefined) return null
  return (
    <span
      className={styles['outside']}
      title="Outside of its parent's time"
      style={{ left: `${part.left}%`, width: `${part.width}%` }}
    />
  )
}

const MOST_STOPS = 40

/** Own time darker than that of children, as one background. */
function selfTime(tree: SpanTree, span: number, view: View): string | undefined {
  const own = timeOf(tree, span)
  const length = own.endUs - own.startUs
  const hasChildren = tree.end[span]! > span + 1
  if (length <= 0 || !hasChildren) return undefined
  const bar = barOf(own.startUs, own.endUs, tree.lengthUs, view)
  if (bar === undefined || bar.width < 0.2) return undefined
  const place = (us: number): string => {
    const of = placeOf(us, tree.lengthUs, view)
    return `${(((Math.min(100, Math.max(0, of)) - bar.left) / bar.width) * 100).toFixed(2)}%`
  }
  const times = childTime(tree, span)
  const shown = times.length > MOST_STOPS ? [{ startUs: times[0]!.startUs, endUs: times.at(-1)!.endUs }] : times
  const stops = shown.flatMap(({ startUs, endUs }) => {
    const [from, to] = [place(startUs), place(endUs)]
    return [`var(--own) ${from}`, `var(--below) ${from}`, `var(--below) ${to}`, `var(--own) ${to}`]
  })
  return `linear-gradient(to right, var(--own) 0%, ${stops.join(', ')}, var(--own) 100%)`
}

const CLUSTER = 1.2

interface EventCluster {
  readonly left: number
  readonly names: readonly string[]
}

/** Events that would stand on one another are one dot. */
function clustered(events: SpanMarks['events'], tree: SpanTree, view: View): EventCluster[] {
  const found: { left: number; names: string[] }[] = []
  for (const [atUs, name] of events) {
    const left = placeOf(atUs, tree.lengthUs, view)
    if (left < 0 || left > 100) continue
    const last = found.at(-1)
    if (last && left - last.left < CLUSTER) last.names.push(name.slice(0, 100))
    else found.push({ left, names: [name.slice(0, 100)] })
  }
  return found
}
