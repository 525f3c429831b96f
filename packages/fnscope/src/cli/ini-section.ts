// One section in the text of an INI file as the AWS tools write it, put in and taken out again without a change to any
// other byte. Pure text: no files here.

/** The line under the header of each section that fnscope wrote. */
export const MARK = '# written by `fnscope config --aws-profile`; `--remove` takes it away'

export type SectionOwner = 'fnscope' | 'user' | 'nobody'

interface Section {
  /** Index of the header's line, and one past the last line with a setting. */
  readonly start: number
  readonly end: number
  readonly owner: SectionOwner
}

/** `[profile  "x"] # text` and `[profile x]` are one section to the AWS tools. */
function headerOf(line: string): string | undefined {
  const name = /^\s*\[([^\]]*)\]/.exec(line)?.[1]
  return name?.replaceAll(/["']/g, '').trim().replaceAll(/\s+/g, ' ')
}

function isComment(line: string): boolean {
  return /^\s*([#;]|$)/.test(line)
}

function findSection(lines: readonly string[], header: string): Section | undefined {
  const start = lines.findIndex((line) => headerOf(line) === header)
  if (start < 0) return undefined
  let next = start + 1
  while (next < lines.length && headerOf(lines[next]!) === undefined) next++
  // comments and blanks before the next header are about what follows
  let end = next
  while (end > start + 1 && isComment(lines[end - 1]!) && lines[end - 1]!.trim() !== MARK) end--
  return { start, end, owner: lines[start + 1]?.trim() === MARK ? 'fnscope' : 'user' }
}

export function ownerOf(text: string, header: string): SectionOwner {
  return findSection(text.split('\n'), header)?.owner ?? 'nobody'
}

/** The text without the section. */
export function removeSection(text: string, header: string): string {
  const lines = text.split('\n')
  const found = findSection(lines, header)
  if (!found) return text
  const before = lines.slice(0, found.start)
  const after = lines.slice(found.end)
  // the blank line that was put before the section goes with it; without one, the file had no newline at its end
  if (before.at(-1)?.trim() === '') before.pop()
  else if (before.length > 0 && after.length === 1 && after[0] === '') return before.join('\n').replace(/\r$/, '')
  return [...before, ...after].join('\n')
}

/** The text with the section at its end, in the file's own kind of newline. `body` are `key = value` lines. */
export function appendSection(text: string, header: string, body: readonly string[]): string {
  const newline = /\r\n/.test(text) ? '\r\n' : '\n'
  // a blank line after a whole line; only the missing newline after one without
  const gap = text === '' ? '' : newline
  return text + gap + [`[${header}]`, MARK, ...body, ''].join(newline)
}
