// One trace as a tree in the terminal: duration, place in time, name, error marks, annotations. A span that lies outside
// its parent's time (Initialization does) is drawn whole: the scale is the trace's own, never the parent's.
import type { ConsoleSpan, ConsoleTrace } from '../api/console-types.ts'
import { cutToWidth, displayWidth } from './display-width.ts'
import { formatDuration, printableLine, type Painter } from './terminal.ts'

const BAR_COLUMNS = 28
/** Below this a bar says nothing, and its place is better used by names. */
const MIN_BAR_COLUMNS = 8
const TIME_COLUMNS = 9
/** Branches deeper than this keep the place of their ancestors: a recursion must not push every name off the line. */
const MAX_INDENT = 24

type Style = Parameters<Painter['paint']>[0]
interface Piece {
  readonly style: Style
  readonly text: string
}

interface Row {
  readonly span: ConsoleSpan
  readonly branch: string
}

/** Depth first, without recursion: a trace may be nested as deep as its sender liked. */
function rows(roots: readonly ConsoleSpan[]): Row[] {
  const found: Row[] = []
  const open: (Row & { readonly prefix: string })[] = roots
    .map((span) => ({ span, branch: '', prefix: '' }))
    .toReversed()
  for (let row = open.pop(); row !== undefined; row = open.pop()) {
    found.push({ span: row.span, branch: row.branch })
    const { prefix } = row
    const { children } = row.span
    for (let index = children.length - 1; index >= 0; index--) {
      const last = index === children.length - 1
      open.push({
        span: children[index]!,
        branch: `${prefix}${last ? '└─ ' : '├─ '}`,
        prefix: `${prefix}${last ? '   ' : '│  '}`.slice(0, MAX_INDENT * 3),
      })
    }
  }
  return found
}

/** The first and last moment of everything in the trace, milliseconds. */
function extent(all: readonly Row[]): { readonly startMs: number; readonly totalMs: number } {
  let startMs = Infinity
  let endMs = -Infinity
  for (const { span } of all) {
    startMs = Math.min(startMs, span.startMs)
    endMs = Math.max(endMs, span.startMs + span.durationMs)
  }
  return { startMs, totalMs: Math.max(endMs - startMs, 0.001) }
}

function bar(span: ConsoleSpan, time: { readonly startMs: number; readonly totalMs: number }, columns: number): string {
  const from = Math.max(0, Math.min(columns - 1, Math.floor(((span.startMs - time.startMs) / time.totalMs) * columns)))
  const exact = Math.round((span.durationMs / time.totalMs) * columns)
  const length = Math.max(1, Math.min(exact, columns - from))
  const mark = exact < 1 ? '▏' : '█'.repeat(length)
  return (' '.repeat(from) + mark).padEnd(columns)
}

function statusMark(span: ConsoleSpan): string {
  if (span.fault) return '✗ fault'
  if (span.throttle) return '✗ throttle'
  if (span.error) return '✗ error'
  return span.inProgress ? '… in progress' : ''
}

function label(span: ConsoleSpan): string {
  const origin = span.segment && span.origin !== undefined ? ` (${span.origin})` : ''
  const status = span.http?.status === undefined ? '' : ` [HTTP: ${span.http.status}]`
  return `${span.name}${origin}${status}`
}

function describe(span: ConsoleSpan): Piece[] {
  const pieces: Piece[] = [{ style: span.segment ? 'bold' : 'reset', text: label(span) }]
  const mark = statusMark(span)
  if (mark !== '') pieces.push({ style: mark.startsWith('✗') ? 'red' : 'yellow', text: mark })
  if (span.exception !== undefined) pieces.push({ style: 'red', text: span.exception })
  for (const [key, value] of Object.entries(span.annotations)) pieces.push({ style: 'cyan', text: `${key}=${value}` })
  return pieces
}

/** The pieces with two spaces between them, painted, and cut where `columns` end. */
function paintPieces(pieces: readonly Piece[], columns: number, painter: Painter): string {
  let left = columns
  let line = ''
  for (const { style, text } of pieces) {
    const gap = line === '' ? '' : '  '
    if (left <= gap.length) break
    const shown = cutToWidth(printableLine(text), left - gap.length)
    line += gap + painter.paint(style, shown)
    left -= gap.length + displayWidth(shown)
  }
  return line
}

function barColumns(columns: number): number {
  if (columns >= 100) return BAR_COLUMNS
  const width = Math.floor(columns / 4)
  return width < MIN_BAR_COLUMNS ? 0 : width
}

/** Lines of the drawn trace, the heading first; none is wider than the painter's columns. */
export function drawTrace(trace: ConsoleTrace, painter: Painter): string[] {
  const all = rows(trace.roots)
  const time = extent(all)
  const width = barColumns(painter.columns)
  const spans = `${trace.spanCount} span${trace.spanCount === 1 ? '' : 's'}`
  const heading = `Trace ${trace.id}  ${new Date(trace.startMs).toISOString()}  ${formatDuration(trace.durationMs)}  ${spans}`
  const lines = [painter.paint('bold', cutToWidth(heading, painter.columns))]
  for (const { span, branch } of all) {
    const duration = (span.inProgress ? '…' : formatDuration(span.durationMs)).padStart(TIME_COLUMNS)
    const colour = span.fault || span.error || span.throttle ? 'red' : span.segment ? 'blue' : 'green'
    const drawn = width === 0 ? '' : `  ${painter.paint(colour, bar(span, time, width))}`
    const left = painter.columns - TIME_COLUMNS - (width === 0 ? 0 : width + 2) - 2
    const shownBranch = branch.slice(Math.max(0, branch.length - Math.max(0, 3 * Math.floor((left - 12) / 3))))
    const text = paintPieces(describe(span), left - shownBranch.length, painter)
    lines.push(`${duration}${drawn}  ${painter.paint('dim', shownBranch)}${text}`)
  }
  return lines
}
