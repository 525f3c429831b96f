// Cold starts in the terminal: a line of figures for each version, its longest imports, and the newest cold start as a tree.
import type { ConsoleColdStart, ConsoleColdStartPart, ConsoleColdStarts } from '../api/console-types.ts'
import { cutToWidth } from './display-width.ts'
import { formatDuration, printableLine, type Painter } from './terminal.ts'

const MOST_IMPORTS = 10
const TIME_COLUMNS = 9
const BAR_COLUMNS = 24
/** Of the initialization: what took less is counted, unless everything is asked for. */
const LEAST_SHARE = 0.01

/** No line is wider than the painter's columns. */
export function drawColdStarts(
  { versions, coldStarts, more }: ConsoleColdStarts,
  painter: Painter,
  { all = false }: { readonly all?: boolean } = {},
): string[] {
  const lines: string[] = []
  const add = (text: string, style: Parameters<Painter['paint']>[0] = 'reset'): void =>
    void lines.push(painter.paint(style, cutToWidth(text, painter.columns)))
  for (const { version, coldStarts: count, failed, initMs, phases, imports } of versions) {
    const some = `${count}${more ? '+' : ''} cold start${count === 1 ? '' : 's'}${failed > 0 ? `, ${failed} failed` : ''}`
    const times = `p50 ${formatDuration(initMs.p50)}  p90 ${formatDuration(initMs.p90)}  longest ${formatDuration(initMs.most)}`
    add(`${printableLine(version)}  ${some}  ${times}`, 'bold')
    add(`  ${phases.map(({ name, ms }) => `${printableLine(name)} ${formatDuration(ms)}`).join('  ·  ')}`)
    if (imports.length === 0) continue
    add(`${'self'.padStart(TIME_COLUMNS)}${'with its own'.padStart(14)}  import`, 'dim')
    for (const { module, selfMs, cumulativeMs } of imports.slice(0, MOST_IMPORTS)) {
      const times = formatDuration(selfMs).padStart(TIME_COLUMNS) + formatDuration(cumulativeMs).padStart(14)
      add(`${times}  ${printableLine(module)}`)
    }
  }
  const [newest] = coldStarts
  if (newest === undefined) return lines
  const { traceId, startMs, initMs, failed } = newest
  lines.push('')
  add(`${traceId}  ${new Date(startMs).toISOString()}  ${formatDuration(initMs)}${failed ? '  ✗ failed' : ''}`, 'bold')
  return [...lines, ...drawTree(newest, painter, all ? 0 : initMs * LEAST_SHARE)]
}

function drawTree({ initMs, parts }: ConsoleColdStart, painter: Painter, leastMs: number): string[] {
  const lines: string[] = []
  const endMs = parts.reduce((end, part) => Math.max(end, part.offsetMs + part.ms), initMs)
  let hidden = 0
  const draw = (siblings: readonly ConsoleColdStartPart[], prefix: string): void => {
    const shown = siblings.filter(({ ms }) => prefix === '' || ms >= leastMs)
    hidden += siblings.length - shown.length
    for (const [index, part] of shown.entries()) {
      const isLast = index === shown.length - 1
      const branch = `${prefix}${isLast ? '└─ ' : '├─ '}`
      const self = part.children.length > 0 ? `  (self ${formatDuration(part.selfMs)})` : ''
      const left = painter.columns - TIME_COLUMNS - BAR_COLUMNS - 4 - branch.length
      const text = cutToWidth(`${printableLine(part.name)}${self}`, Math.max(0, left))
      const time = formatDuration(part.ms).padStart(TIME_COLUMNS)
      lines.push(`${time}  ${painter.paint('green', bar(part, endMs))}  ${painter.paint('dim', branch)}${text}`)
      draw(part.children, `${prefix}${isLast ? '   ' : '│  '}`)
    }
  }
  draw(parts, '')
  if (hidden > 0) lines.push(`${' '.repeat(TIME_COLUMNS)}  and ${hidden} shorter: --all shows them`)
  return lines
}

function bar({ offsetMs, ms }: ConsoleColdStartPart, endMs: number): string {
  const from = Math.min(BAR_COLUMNS - 1, Math.floor((offsetMs / endMs) * BAR_COLUMNS))
  const length = Math.max(1, Math.min(BAR_COLUMNS - from, Math.round((ms / endMs) * BAR_COLUMNS)))
  return (' '.repeat(from) + '█'.repeat(length)).padEnd(BAR_COLUMNS)
}
