// A service map as lines of a terminal. Columns are as wide as what stands in them; only names are cut to fit.
import type { ConsoleCalls, ConsoleMap, ConsoleMapNode } from '../api/console-types.ts'
import { cutToWidth, displayWidth } from './display-width.ts'
import { formatDuration, printableLine, type Painter } from './terminal.ts'

const HEADINGS = ['requests', 'per s', 'errors', 'throttled', 'faults', 'avg', 'p50', 'p90', 'p99'] as const
const GAP = '  '
const MIN_NAME_COLUMNS = 16

type Style = Parameters<Painter['paint']>[0]

interface Row {
  readonly style: Style
  readonly name: string
  readonly cells: readonly Cell[]
}

interface Cell {
  readonly text: string
  readonly style: Style
}

/** The lines, headings first; none is wider than the painter's columns, as far as numbers leave room. */
export function drawMap(map: ConsoleMap, painter: Painter): string[] {
  const rows = rowsOf(map)
  const widths = HEADINGS.map((heading, i) =>
    Math.max(heading.length, ...rows.map(({ cells }) => displayWidth(cells[i]?.text ?? ''))),
  )
  const numbers = widths.reduce((sum, width) => sum + GAP.length + width, 0)
  const widest = Math.max('service'.length, ...rows.map(({ name }) => displayWidth(name)))
  const nameColumns = Math.min(widest, Math.max(MIN_NAME_COLUMNS, painter.columns - numbers))
  const line = ({ name, style, cells }: Row): string => {
    const shown = cutToWidth(name, nameColumns)
    const padding = ' '.repeat(nameColumns - displayWidth(shown))
    const shownCells = cells.map(({ text, style }, i) => {
      const space = ' '.repeat(widths[i]! - displayWidth(text))
      return `${GAP}${space}${painter.paint(style, text)}`
    })
    return `${painter.paint(style, shown)}${shownCells.length === 0 ? '' : padding}${shownCells.join('')}`
  }
  const heading: Row = { style: 'dim', name: 'service', cells: HEADINGS.map((text) => ({ text, style: 'dim' })) }
  return [heading, ...rows].map(line)
}

function rowsOf({ nodes, edges }: ConsoleMap): Row[] {
  return nodes.flatMap((node): Row[] => [
    { style: styleOf(node), name: labelOf(node), cells: node.calls === undefined ? [] : cellsOf(node.calls) },
    ...edges
      .filter(({ from }) => from === node.id)
      .map((edge): Row => ({ style: 'reset', name: `  → ${targetOf(nodes[edge.to]!)}`, cells: cellsOf(edge) })),
  ])
}

function labelOf({ name, type, client, inferred }: ConsoleMapNode): string {
  if (client) return 'clients'
  return printableLine(`${name}${type === '' ? '' : ` (${type})`}${inferred ? ' *' : ''}`)
}

function targetOf({ name }: ConsoleMapNode): string {
  return printableLine(name)
}

function styleOf({ client, calls }: ConsoleMapNode): Style {
  if (client) return 'dim'
  if (calls !== undefined && calls.fault > 0) return 'red'
  return calls !== undefined && calls.error + calls.throttle > 0 ? 'yellow' : 'bold'
}

function cellsOf(calls: ConsoleCalls): Cell[] {
  const bad = (count: number, style: Style): Cell => ({
    text: count === 0 ? '·' : `${count} ${percent(count, calls.count)}`,
    style: count === 0 ? 'dim' : style,
  })
  const time = (ms: number): Cell => ({ text: formatDuration(ms), style: 'reset' })
  return [
    { text: String(calls.count), style: 'reset' },
    {
      text: calls.perSecond >= 100 ? calls.perSecond.toFixed(0) : String(Number(calls.perSecond.toPrecision(2))),
      style: 'reset',
    },
    bad(calls.error, 'yellow'),
    bad(calls.throttle, 'magenta'),
    bad(calls.fault, 'red'),
    ...[calls.averageMs, calls.p50Ms, calls.p90Ms, calls.p99Ms].map(time),
  ]
}

function percent(count: number, of: number): string {
  const share = (100 * count) / of
  return `${share > 0 && share < 1 ? '<1' : Math.round(share)}%`
}
