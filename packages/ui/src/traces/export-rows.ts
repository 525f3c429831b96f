// Traces of a list as JSON and CSV (RFC 4180).
import type { ConsoleTraceRow } from '../../../fnscope/src/api/console-types.ts'

const COLUMNS = [
  'id',
  'name',
  'startMs',
  'durationMs',
  'method',
  'url',
  'status',
  'error',
  'fault',
  'throttle',
  'partial',
] as const

export function rowsToCsv(rows: readonly ConsoleTraceRow[]): string {
  const lines = rows.map((row) => COLUMNS.map((column) => csvCell(row[column])).join(','))
  return [COLUMNS.join(','), ...lines].join('\r\n') + '\r\n'
}

/** What a spreadsheet would take for a formula gets an apostrophe. */
export function csvCell(value: unknown): string {
  if (value === undefined) return ''
  const text = typeof value === 'string' ? value.replace(/^[=+\-@\t\r]/, "'$&") : JSON.stringify(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
