// Log lines as a list needs them: newest first, each with a key of its own, none twice.
import type { ConsoleLogLine } from '../../../fnscope/src/api/console-types.ts'

export interface KeyedLine extends ConsoleLogLine {
  readonly key: string
}

/** Equal lines are told apart by how many of them came before. */
export function keyed(lines: readonly ConsoleLogLine[]): KeyedLine[] {
  const seen = new Map<string, number>()
  return lines.map((line) => {
    const place = `${line.time}-${line.received}-${line.logStream}`
    const before = seen.get(place) ?? 0
    seen.set(place, before + 1)
    return { ...line, key: `${place}-${before}` }
  })
}

const identityOf = ({ time, received, logStream, body }: ConsoleLogLine): string =>
  `${time} ${received} ${logStream} ${body}`

/** @param newer told live, of which the server's own answer may have some already */
export function merged(newer: readonly ConsoleLogLine[], lines: readonly ConsoleLogLine[]): ConsoleLogLine[] {
  const known = new Set(lines.map(identityOf))
  return [...newer.filter((line) => !known.has(identityOf(line))), ...lines]
}

/** Pages, newest first, that overlap where they meet: what an earlier one has is not taken from a later one. */
export function joined(pages: readonly (readonly ConsoleLogLine[])[]): ConsoleLogLine[] {
  const known = new Set<string>()
  return pages.flatMap((page) => {
    const fresh = page.filter((line) => !known.has(identityOf(line)))
    for (const line of page) known.add(identityOf(line))
    return fresh
  })
}
