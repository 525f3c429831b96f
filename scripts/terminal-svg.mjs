// Turns a command's coloured output into the picture of the README:
//   FORCE_COLOR=1 npm start -- --once 2>/dev/null | node scripts/terminal-svg.mjs 'npm start' > docs/start.svg
// Real output, long lines cut; nothing is made up.
import { text } from 'node:stream/consumers'

const COLUMNS = 118
const [LINE, CHAR, PAD] = [18, 7.8, 18]
const COLOURS = { 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341', 34: '#79c0ff', 36: '#76e3ea' }

const ESCAPE = new RegExp(`(${String.fromCodePoint(27)}\\[[0-9;]*m)`)

const escape = (string) => string.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** Runs of one style: `[{ text, fill, bold }]`. */
function runs(line) {
  const found = []
  let fill = '#c9d1d9'
  let bold = false
  let columns = 0
  for (const part of line.split(ESCAPE)) {
    const code = ESCAPE.test(part) ? part.slice(2, -1) : undefined
    if (code === undefined) {
      const kept =
        part.slice(0, Math.max(0, COLUMNS - columns)) +
        (columns <= COLUMNS && columns + part.length > COLUMNS ? '…' : '')
      columns += part.length
      if (kept) found.push({ text: kept, fill, bold })
    } else if (code === '1') bold = true
    else if (code === '2') fill = '#8b949e'
    else if (COLOURS[code]) fill = COLOURS[code]
    else {
      fill = '#c9d1d9'
      bold = false
    }
  }
  return found
}

const lines = [
  `\x1b[32m$\x1b[0m \x1b[1m${process.argv[2] ?? 'npm start'}\x1b[0m`,
  ...(await text(process.stdin)).replaceAll('\t', '  ').trimEnd().split('\n'),
]
const body = lines.map((line, row) => {
  const spans = runs(line).map(
    (run) => `<tspan fill="${run.fill}"${run.bold ? ' font-weight="700"' : ''}>${escape(run.text)}</tspan>`,
  )
  return `<text x="${PAD}" y="${PAD + 14 + row * LINE}" xml:space="preserve">${spans.join('')}</text>`
})
const [width, height] = [Math.round(COLUMNS * CHAR + PAD * 2 + 10), lines.length * LINE + PAD * 2]
process.stdout
  .write(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${body.join('\n')}
</svg>
`)
