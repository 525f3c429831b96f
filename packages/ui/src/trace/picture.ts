// The waterfall as an SVG picture: the rows that are shown, in the colours they have. Pure text; what telemetry says is
// escaped.
import { duration } from '../format.ts'
import { FAILED, timeOf, type Row, type SpanTree } from './rows.ts'

export interface PictureColours {
  readonly background: string
  readonly text: string
  readonly line: string
  readonly fault: string
  /** By hue. */
  readonly hues: readonly string[]
}

const [ROW, NAMES, BARS, PAD] = [20, 360, 720, 12]
/** Of a larger trace the first ones, and it says so. */
export const MOST_PICTURED = 2000

export function pictureOf(tree: SpanTree, rows: readonly Row[], colours: PictureColours): string {
  const spans = rows.filter(({ kind }) => kind === 'span')
  const shown = spans.slice(0, MOST_PICTURED)
  const width = NAMES + BARS + 2 * PAD + 70
  const height = (shown.length + 2) * ROW + 2 * PAD
  const said = shown.length < spans.length ? ` (the first ${shown.length} of ${spans.length} rows)` : ''
  const title = `${tree.columns.id}: ${duration(tree.columns.durationMs)}, ${tree.columns.spanCount} spans${said}`
  const lines = shown.map(({ span }, index) => rowPicture(tree, span, PAD + (index + 1.5) * ROW, colours))
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">
<rect width="100%" height="100%" fill="${colours.background}"/>
<text x="${PAD}" y="${PAD + 10}" fill="${colours.text}" font-weight="600">${escapeXml(title)}</text>
${lines.join('\n')}
</svg>
`
}

function rowPicture(tree: SpanTree, span: number, y: number, { text, line, fault, hues }: PictureColours): string {
  const { spans, words } = tree.columns
  const { startUs, endUs } = timeOf(tree, span)
  const x = PAD + NAMES + (startUs / tree.lengthUs) * BARS
  const width = Math.max(1.5, ((endUs - startUs) / tree.lengthUs) * BARS)
  const failed = (spans.flags[span]! & FAILED) !== 0
  const hue = hues[tree.hueOf.get(spans.service[span]!) ?? 0]!
  const indent = Math.min(tree.depth[span]!, 20) * 10
  const name = words[spans.name[span]!]!.slice(0, 60)
  const took = spans.durationUs[span]! < 0 ? 'in progress' : duration((endUs - startUs) / 1000)
  return `<line x1="${PAD}" x2="${PAD + NAMES + BARS + 70}" y1="${y + ROW - 5}" y2="${y + ROW - 5}" stroke="${line}" stroke-width="0.5"/>
<text x="${PAD + indent}" y="${y + 10}" fill="${failed ? fault : text}">${escapeXml(name)}</text>
<rect x="${x.toFixed(2)}" y="${y}" width="${width.toFixed(2)}" height="12" rx="2" fill="${hue}"${failed ? ` stroke="${fault}" stroke-width="1.5"` : ''}/>
<text x="${(x + width + 4).toFixed(2)}" y="${y + 10}" fill="${text}" font-size="10">${took}</text>`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Without control characters, which XML has no way to say. */
export function escapeXml(text: string): string {
  let escaped = ''
  for (const one of text) {
    const code = one.codePointAt(0)!
    const isNone = (code < 32 && code !== 9 && code !== 10 && code !== 13) || code === 0xfffe || code === 0xffff
    escaped += isNone ? '\ufffd' : (ENTITIES[one] ?? one)
  }
  return escaped
}
