// One trace as a tree in the terminal: duration, place in time, name, error marks, annotations. A span that lies outside
// its parent's time (Initialization does) is drawn whole: the scale is the trace's own, never the parent's.
import type { ConsoleSpan, ConsoleTrace } from '../api/console-types.ts'
import { formatDuration, printable, type Painter } from './terminal.ts'

const BAR_COLUMNS = 28

interface Row {
  readonly span: ConsoleSpan
  readonly branch: string
}

function* rows(spans: readonly ConsoleSpan[], prefix: string, top: boolean): Generator<Row> {
  for (const [index, span] of spans.entries()) {
    const last = index === spans.length - 1
    yield { span, branch: top ? '' : `${prefix}${last ? '└─ ' : '├─ '}` }
    yield* rows(span.children, top ? '' : `${prefix}${last ? '   ' : '│  '}`, false)
  }
}

/** The first and last moment of everything in the trace, milliseconds. */
function extent(trace: ConsoleTrace): { readonly startMs: number; readonly totalMs: number } {
  let startMs = Infinity
  let endMs = -Infinity
  for (const { span } of rows(trace.roots, '', true)) {
    startMs = Math.min(startMs, span.startMs)
    endMs = Math.max(endMs, span.startMs + span.durationMs)
  }
  return { startMs, totalMs: Math.max(endMs - startMs, 0.001) }
}

function bar(span: ConsoleSpan, startMs: number, totalMs: number): string {
  const from = Math.min(BAR_COLUMNS - 1, Math.floor(((span.startMs - startMs) / totalMs) * BAR_COLUMNS))
  const exact = Math.round((span.durationMs / totalMs) * BAR_COLUMNS)
  const length = Math.max(1, Math.min(exact, BAR_COLUMNS - from))
  const mark = exact === 0 ? '▏' : '█'.repeat(length)
  return ' '.repeat(from) + mark + ' '.repeat(Math.max(0, BAR_COLUMNS - from - mark.length))
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
  return printable(`${span.name}${origin}${status}`)
}

function describe(span: ConsoleSpan, painter: Painter): string {
  const parts = [painter.paint(span.segment ? 'bold' : 'reset', label(span))]
  const mark = statusMark(span)
  if (mark !== '') parts.push(painter.paint(span.inProgress ? 'yellow' : 'red', mark))
  if (span.exception !== undefined) parts.push(painter.paint('red', printable(span.exception)))
  for (const [key, value] of Object.entries(span.annotations))
    parts.push(painter.paint('cyan', printable(`${key}=${value}`)))
  return parts.join('  ')
}

/** Lines of the drawn trace, the heading first. */
export function drawTrace(trace: ConsoleTrace, painter: Painter): string[] {
  const { startMs, totalMs } = extent(trace)
  const heading = `Trace ${trace.id}  ${new Date(trace.startMs).toISOString()}  ${formatDuration(trace.durationMs)}  ${trace.spanCount} spans`
  const lines = [painter.paint('bold', heading)]
  for (const { span, branch } of rows(trace.roots, '', true)) {
    const time = span.inProgress ? '…' : formatDuration(span.durationMs)
    const colour = span.fault || span.error ? 'red' : span.segment ? 'blue' : 'green'
    const drawn = painter.paint(colour, bar(span, startMs, totalMs))
    lines.push(`${time.padStart(9)}  ${drawn}  ${painter.paint('dim', branch)}${describe(span, painter)}`)
  }
  return lines
}
