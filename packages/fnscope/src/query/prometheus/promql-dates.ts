// PromQL's functions of the calendar, in UTC, over epoch seconds.
import type { PromqlFunction } from './promql-functions.ts'

const PARTS: Readonly<Record<string, (date: Date) => number>> = {
  minute: (date) => date.getUTCMinutes(),
  hour: (date) => date.getUTCHours(),
  day_of_week: (date) => date.getUTCDay(),
  day_of_month: (date) => date.getUTCDate(),
  day_of_year: (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1,
  days_in_month: (date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
  month: (date) => date.getUTCMonth() + 1,
  year: (date) => date.getUTCFullYear(),
}

type OverValue = NonNullable<PromqlFunction['overValue']>

export function dateFunctions(make: (overValue: OverValue) => PromqlFunction): [string, PromqlFunction][] {
  return Object.entries(PARTS).map(([name, part]) => [name, make((seconds) => part(new Date(seconds * 1000)))])
}
