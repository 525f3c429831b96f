// When a schedule fires: rate(…), cron(…) and at(…) of EventBridge, in a time zone. Pure; the clock is the caller's.

export type Schedule =
  | { readonly kind: 'rate'; readonly everyMs: number }
  | { readonly kind: 'cron'; readonly fields: CronFields; readonly timezone: string }
  | { readonly kind: 'at'; readonly atMs: number }

interface CronFields {
  readonly minutes: ReadonlySet<number>
  readonly hours: ReadonlySet<number>
  readonly months: ReadonlySet<number>
  readonly years: ReadonlySet<number>
  /** Whether a day of the month fits: by day of month, or of week. */
  readonly day: (date: DayOf) => boolean
}

interface DayOf {
  readonly day: number
  /** 1 Sunday … 7 Saturday. */
  readonly weekday: number
  readonly lastDay: number
}

const UNIT_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const FIRST_YEAR = 1970
const LAST_YEAR = 2199

/** @throws SyntaxError saying what is wrong */
export function parseSchedule(expression: string, timezone: string): Schedule {
  const [, kind, inner = ''] = /^(rate|cron|at)\((.*)\)$/.exec(expression.trim()) ?? []
  if (kind === 'rate') return parseRate(inner)
  if (kind === 'at') return parseAt(inner, timezone)
  if (kind === 'cron') return { kind: 'cron', fields: parseCron(inner), timezone: checkZone(timezone) }
  throw new SyntaxError(`"${expression}" is none of rate(…), cron(…), at(…)`)
}

/** Epoch milliseconds of the next time after `afterMs`; undefined: never. @param startMs when a rate began */
export function nextTime(schedule: Schedule, afterMs: number, startMs: number): number | undefined {
  if (schedule.kind === 'at') return schedule.atMs > afterMs ? schedule.atMs : undefined
  if (schedule.kind === 'rate')
    return startMs + (Math.floor(Math.max(0, afterMs - startMs) / schedule.everyMs) + 1) * schedule.everyMs
  return nextCron(schedule.fields, schedule.timezone, afterMs)
}

function parseRate(inner: string): Schedule {
  const [, count = '', unit = ''] = /^\s*(\d+)\s+(minute|hour|day)s?\s*$/.exec(inner) ?? []
  const number = Number(count)
  if (unit === '' || number < 1) throw new SyntaxError(`rate(${inner}) wants a number and minutes, hours or days`)
  return { kind: 'rate', everyMs: number * UNIT_MS[unit as keyof typeof UNIT_MS] }
}

function parseAt(inner: string, timezone: string): Schedule {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)$/.exec(inner.trim())?.map(Number) ?? []
  if (year === undefined) throw new SyntaxError(`at(${inner}) wants a time like 2030-01-31T09:00:00`)
  const atMs = toEpoch([year, month!, day!, hour!, minute!, second!], checkZone(timezone))
  return { kind: 'at', atMs }
}

function checkZone(timezone: string): string {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: timezone }).resolvedOptions().timeZone
  } catch {
    throw new SyntaxError(`there is no time zone ${timezone}`)
  }
}

function parseCron(inner: string): CronFields {
  const parts = inner.trim().split(/\s+/)
  const [minutes, hours, days, months, weekdays, years] = parts
  if (parts.length !== 6) throw new SyntaxError(`cron(${inner}) wants six fields, not ${parts.length}`)
  if ((days === '?') === (weekdays === '?'))
    throw new SyntaxError(`cron(${inner}) wants ? for the day of the month or the day of the week, and for one of them`)
  return {
    minutes: fieldOf(minutes!, 0, 59),
    hours: fieldOf(hours!, 0, 23),
    months: fieldOf(months!, 1, 12, MONTHS),
    years: fieldOf(years!, FIRST_YEAR, LAST_YEAR),
    day: weekdays === '?' ? dayOfMonth(days!) : dayOfWeek(weekdays!),
  }
}

function dayOfMonth(field: string): CronFields['day'] {
  if (field === 'L') return ({ day, lastDay }) => day === lastDay
  const nearest = /^(\d{1,2})W$/.exec(field)?.[1]
  if (nearest === undefined) {
    const days = fieldOf(field, 1, 31)
    return ({ day }) => days.has(day)
  }
  // The weekday next to that day, in the same month.
  return ({ day, weekday, lastDay }) => {
    const wanted = Math.min(Number(nearest), lastDay)
    const at = (((weekday - 1 + (wanted - day)) % 7) + 7) % 7
    const shift = at === 6 ? (wanted === 1 ? 2 : -1) : at === 0 ? (wanted === lastDay ? -2 : 1) : 0
    return day === wanted + shift
  }
}

function dayOfWeek(field: string): CronFields['day'] {
  const last = /^(\d|[A-Z]{3})?L$/.exec(field.toUpperCase())
  if (last) {
    const wanted = last[1] === undefined ? 7 : numberOf(last[1], 1, WEEKDAYS)
    return ({ day, weekday, lastDay }) => weekday === wanted && day + 7 > lastDay
  }
  const [, name, nth] = /^(\w+)#([1-5])$/.exec(field) ?? []
  if (name !== undefined) {
    const wanted = numberOf(name, 1, WEEKDAYS)
    return ({ day, weekday }) => weekday === wanted && Math.ceil(day / 7) === Number(nth)
  }
  const days = fieldOf(field, 1, 7, WEEKDAYS)
  return ({ weekday }) => days.has(weekday)
}

/** `*`, `5`, `1-5`, `0/15`, `MON-FRI`, several joined by commas. */
function fieldOf(field: string, least: number, most: number, names: readonly string[] = []): ReadonlySet<number> {
  const found = new Set<number>()
  for (const part of field.split(',')) {
    const [range = '', step] = part.split('/')
    const [from, to] = range === '*' ? [least, most] : range.split('-').map((one) => numberOf(one, least, names))
    const until = to ?? (step === undefined ? from! : most)
    const by = step === undefined ? 1 : Number(step)
    if (!(from! >= least && until <= most && by >= 1) || Number.isNaN(until))
      throw new SyntaxError(`"${field}" is no list of ${least} to ${most}`)
    // A range may go over the end: FRI-MON.
    for (let at = from!; at <= (until < from! ? most : until); at += by) found.add(at)
    if (until < from!) for (let at = least; at <= until; at += by) found.add(at)
  }
  return found
}

function numberOf(text: string, least: number, names: readonly string[]): number {
  const at = names.indexOf(text.toUpperCase())
  return at >= 0 ? at + least : /^\d+$/.test(text) ? Number(text) : Number.NaN
}

/** Day by day, then minute by minute of a day that fits: at most a few thousand steps a year. */
function nextCron(fields: CronFields, timezone: string, afterMs: number): number | undefined {
  const [year, month, day] = partsOf(afterMs, timezone)
  const MAX_DAYS = 366 * 8
  for (let ahead = 0; ahead <= MAX_DAYS; ahead++) {
    const date = new Date(Date.UTC(year, month - 1, day + ahead))
    const [y, m, d] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
    const lastDay = new Date(Date.UTC(y, m, 0)).getUTCDate()
    if (!fields.years.has(y) || !fields.months.has(m)) continue
    if (!fields.day({ day: d, weekday: date.getUTCDay() + 1, lastDay })) continue
    for (const hour of [...fields.hours].sort((a, b) => a - b))
      for (const minute of [...fields.minutes].sort((a, b) => a - b)) {
        const time = toEpoch([y, m, d, hour, minute, 0], timezone)
        if (time > afterMs) return time
      }
  }
  return undefined
}

type Parts = readonly [year: number, month: number, day: number, hour: number, minute: number, second: number]

function partsOf(epochMs: number, timezone: string): Parts {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const parts = Object.fromEntries(format.formatToParts(epochMs).map(({ type, value }) => [type, Number(value)]))
  return [parts['year']!, parts['month']!, parts['day']!, parts['hour']!, parts['minute']!, parts['second']!]
}

/** Of a time on the clocks of a zone; one that the clocks leave out is as much later. */
function toEpoch([year, month, day, hour, minute, second]: Parts, timezone: string): number {
  const asUtc = Date.UTC(year, month - 1, day, hour, minute, second)
  const offset = (at: number): number => {
    const [y, m, d, h, min, s] = partsOf(at, timezone)
    return Date.UTC(y, m - 1, d, h, min, s) - at
  }
  const guess = asUtc - offset(asUtc)
  return asUtc - offset(guess)
}
