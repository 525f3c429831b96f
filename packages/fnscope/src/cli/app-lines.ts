// A deployed app as `up` and `deploy` show it: its functions, and the URLs that reach them.
import type { ConsoleApp } from '../api/console-types.ts'
import { printableLine, type Painter } from './terminal.ts'

export function appLines(app: ConsoleApp, { paint }: Painter): string[] {
  const { functions } = app
  const lines = [
    `  ${paint('bold', app.stack)}  ${functions.length} function${functions.length === 1 ? '' : 's'}: ${functions.join(', ')}`,
  ]
  for (const [name, url] of Object.entries(app.urls))
    lines.push(`    ${name.padEnd(20)} ${paint('cyan', printableLine(url))}`)
  return lines
}
