// Which span a log line belongs to: the segment of its function that was running then. Pure.
import type { ConsoleLogLine } from '../../../fnscope/src/api/console-types.ts'
import { FLAG, timeOf, type SpanTree } from './rows.ts'

/** Lines by row, in order of time; what has no segment here stands at the first row. */
export function logsByRow(tree: SpanTree, lines: readonly ConsoleLogLine[]): Map<number, ConsoleLogLine[]> {
  const { spans, words, startMs } = tree.columns
  const segments: number[] = []
  for (let row = 0; row < tree.count; row++) if ((spans.flags[row]! & FLAG.segment) !== 0) segments.push(row)
  const found = new Map<number, ConsoleLogLine[]>()
  for (const line of lines) {
    const own = segments.filter((row) => words[spans.service[row]!] === line.function)
    const us = (line.timeMs - startMs) * 1000
    const running = own.filter((row) => {
      const { startUs, endUs } = timeOf(tree, row)
      return us >= startUs && us <= endUs
    })
    // Lambda's two segments have one name: the function's own is the deeper one.
    const row = running.at(-1) ?? own.at(-1) ?? 0
    const there = found.get(row)
    if (there) there.push(line)
    else found.set(row, [line])
  }
  return found
}

export interface Report {
  readonly durationMs: number
  readonly billedMs: number
  readonly memoryMb: number
  readonly usedMb: number
  readonly initMs?: number
}

/** The numbers of a REPORT line, text or JSON; undefined for any other. */
export function reportOf(body: string): Report | undefined {
  if (!body.includes('REPORT') && !body.includes('platform.report')) return undefined
  const number = (text: RegExp, json: RegExp): number | undefined => {
    const found = (text.exec(body) ?? json.exec(body))?.[1]
    return found === undefined ? undefined : Number(found)
  }
  const durationMs = number(/\tDuration: ([\d.]+) ms/, /"durationMs":\s*([\d.]+)/)
  const billedMs = number(/Billed Duration: ([\d.]+) ms/, /"billedDurationMs":\s*([\d.]+)/)
  const memoryMb = number(/Memory Size: (\d+) MB/, /"memorySizeMB":\s*(\d+)/)
  const usedMb = number(/Max Memory Used: (\d+) MB/, /"maxMemoryUsedMB":\s*(\d+)/)
  const initMs = number(/Init Duration: ([\d.]+) ms/, /"initDurationMs":\s*([\d.]+)/)
  if (durationMs === undefined || billedMs === undefined || memoryMb === undefined || usedMb === undefined)
    return undefined
  return { durationMs, billedMs, memoryMb, usedMb, ...(initMs === undefined ? {} : { initMs }) }
}
