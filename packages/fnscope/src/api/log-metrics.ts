// Metric filters at work: the points that lines make as they come in, in the batch of the lines themselves, so that a point
// is stored whenever its line is, and once. A metric's value for minutes without a fitting line comes when they are over.
import { weigh, pointOfSamples } from '../codec/emf-samples.ts'
import { setOwn } from '../codec/json.ts'
import { messageOf } from '../errors.ts'
import type { MetricFilterSpec, MetricTransformation } from '../functions/trigger-spec.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Logger } from '../log.ts'
import { parseFilterPattern, type FilterPattern } from '../query/logs/filter-pattern.ts'
import { PatternError } from '../query/logs/pattern-error.ts'
import { ranTooLong, withinMs } from '../query/logs/within.ts'
import { newBatch } from '../span/batch.ts'
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import { NANOS_PER_MINUTE } from '../span/time.ts'
import type { LogGroups } from './log-groups.ts'

export interface LogMetricsOptions {
  readonly groups: Pick<LogGroups, 'find'>
  /** Of templates. */
  readonly declared: () => readonly MetricFilterSpec[]
  /** Takes the values of minutes in which nothing did fit. */
  readonly ingest: Pick<Ingest, 'accept'>
  /** Epoch nanoseconds. */
  readonly now: () => bigint
  readonly log: Logger
}

/** What a line that fits adds to which metric; undefined: it has no number where one is wanted. */
type MetricReader = (
  message: string,
) => { readonly value: number; readonly dimensions: Readonly<Record<string, string>> } | undefined

interface Filter {
  /** Of the group and the filter. */
  readonly key: string
  readonly pattern: string
  readonly transformation: MetricTransformation
}

interface Compiled {
  readonly pattern: FilterPattern
  readonly read: MetricReader
}

/** Of one filter's metric with these dimensions in one minute. */
interface Sample {
  readonly filter: Filter
  readonly dimensions: Readonly<Record<string, string>>
  readonly timeNanos: bigint
  readonly service: string
  readonly values: number[]
}

/** A filter's minute: its lines did not fit until now. */
interface Minute {
  readonly filter: Filter
  readonly timeNanos: bigint
  fits: boolean
}

const MAX_COMPILED = 1000
const MAX_DIMENSION_VALUE = 1024
/** The cloud turns a filter off that makes more in an hour; here what is beyond is left out. */
const MAX_DIMENSION_SETS = 1000
const DIMENSIONS_FOR_NANOS = 60n * NANOS_PER_MINUTE
const MAX_MINUTES = 10_000
const CLOSE_EVERY_MS = 60_000
/** All lines of one batch through one filter with regular expressions. */
const REGEX_MS = 1000

export class LogMetrics {
  readonly #options: LogMetricsOptions
  readonly #compiled = new Map<string, Compiled | undefined>()
  readonly #minutes = new Map<string, Minute>()
  readonly #dimensionSets = new Map<string, Set<string>>()
  #dimensionsSince = 0n
  #timer: NodeJS.Timeout | undefined

  constructor(options: LogMetricsOptions) {
    this.#options = options
  }

  /** To be stored with the lines. */
  pointsOf(lines: readonly LogRecord[]): readonly MetricPoint[] {
    const declared = this.#options.declared()
    const points: MetricPoint[] = []
    for (const [group, own] of Map.groupBy(lines, ({ logGroup }) => logGroup)) {
      if (group === '') continue
      for (const filter of this.#filtersOf(group, declared)) points.push(...this.#apply(filter, own))
    }
    return points
  }

  /** Minutes that are not over count as over. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#close(() => true)
  }

  #filtersOf(group: string, declared: readonly MetricFilterSpec[]): readonly Filter[] {
    const put = this.#options.groups.find(group)?.metricFilters ?? []
    const own = declared.filter(
      ({ logGroup, filterName }) => logGroup === group && !put.some(({ name }) => name === filterName),
    )
    return [...put, ...own.map(({ filterName: name, ...spec }) => ({ name, ...spec }))].map(
      ({ name, pattern, transformation }) => ({ key: `${group}:${name}`, pattern, transformation }),
    )
  }

  #apply(filter: Filter, lines: readonly LogRecord[]): readonly MetricPoint[] {
    const compiled = this.#compile(filter)
    if (compiled === undefined) return []
    const samples = new Map<string, Sample>()
    const work = (): void => {
      for (const line of lines) this.#applyTo(line, filter, compiled, samples)
    }
    try {
      if (compiled.pattern.regexes > 0) withinMs(REGEX_MS, work)
      else work()
    } catch (error) {
      if (!ranTooLong(error)) throw error
      this.#options.log.warn({ filter: filter.key }, 'metric filter took too long: lines left out')
    }
    return [...samples.values()].flatMap((sample) => pointOf(sample, this.#options.now()))
  }

  #applyTo(line: LogRecord, filter: Filter, { pattern, read }: Compiled, samples: Map<string, Sample>): void {
    const fits = pattern.matches(line.body)
    const { timeNanos, service } = line
    const minute = timeNanos / NANOS_PER_MINUTE
    if (filter.transformation.defaultValue !== undefined) this.#note(filter, timeNanos, fits)
    const found = fits ? read(line.body) : undefined
    if (found === undefined) return
    const { value, dimensions } = found
    const set = JSON.stringify(dimensions)
    if (!this.#mayHave(filter, set)) return
    const key = `${minute}${set}`
    const sample = samples.get(key)
    if (sample === undefined) samples.set(key, { filter, dimensions, timeNanos, service, values: [value] })
    else sample.values.push(value)
  }

  #note(filter: Filter, timeNanos: bigint, fits: boolean): void {
    const key = `${timeNanos / NANOS_PER_MINUTE}${filter.key}`
    const minute = this.#minutes.get(key)
    if (minute !== undefined) minute.fits ||= fits
    else if (this.#minutes.size < MAX_MINUTES) this.#minutes.set(key, { filter, timeNanos, fits })
    this.#closeLater()
  }

  #closeLater(): void {
    this.#timer ??= setTimeout(() => {
      const minute = this.#options.now() / NANOS_PER_MINUTE
      void this.#close(({ timeNanos }) => timeNanos / NANOS_PER_MINUTE < minute)
    }, CLOSE_EVERY_MS).unref()
  }

  async #close(isOver: (minute: Minute) => boolean): Promise<void> {
    this.#timer = undefined
    const { ingest, now, log } = this.#options
    const batch = newBatch()
    for (const [key, minute] of this.#minutes) {
      if (!isOver(minute)) continue
      this.#minutes.delete(key)
      const { filter, timeNanos, fits } = minute
      const { defaultValue } = filter.transformation
      if (fits || defaultValue === undefined) continue
      batch.metrics.push(...pointOf({ filter, timeNanos, dimensions: {}, service: '', values: [defaultValue] }, now()))
    }
    if (this.#minutes.size > 0) this.#closeLater()
    if (batch.metrics.length === 0) return
    try {
      await ingest.accept(batch)
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'default values of metric filters not recorded')
    }
  }

  #mayHave({ key }: Filter, set: string): boolean {
    if (set === '{}') return true
    const now = this.#options.now()
    if (now - this.#dimensionsSince > DIMENSIONS_FOR_NANOS) {
      this.#dimensionSets.clear()
      this.#dimensionsSince = now
    }
    let sets = this.#dimensionSets.get(key)
    if (sets === undefined) this.#dimensionSets.set(key, (sets = new Set()))
    if (sets.has(set)) return true
    if (sets.size >= MAX_DIMENSION_SETS) return false
    sets.add(set)
    if (sets.size === MAX_DIMENSION_SETS)
      this.#options.log.warn({ filter: key, most: MAX_DIMENSION_SETS }, 'metric filter makes no more dimensions')
    return true
  }

  #compile({ key, pattern, transformation }: Filter): Compiled | undefined {
    const text = JSON.stringify([pattern, transformation])
    if (!this.#compiled.has(text)) {
      if (this.#compiled.size >= MAX_COMPILED) this.#compiled.clear()
      try {
        const parsed = parseFilterPattern(pattern)
        this.#compiled.set(text, { pattern: parsed, read: metricReader(parsed, transformation) })
      } catch (error) {
        this.#options.log.warn({ filter: key, reason: messageOf(error) }, 'metric filter fits nothing')
        this.#compiled.set(text, undefined)
      }
    }
    return this.#compiled.get(text)
  }
}

/** @throws PatternError of a selector that finds nothing in messages of this pattern */
export function metricReader(pattern: FilterPattern, transformation: MetricTransformation): MetricReader {
  const { metricValue, dimensions: selectors = {} } = transformation
  const reader = (selector: string): ((message: string) => unknown) => {
    if (pattern.values === undefined)
      throw new PatternError(`"${selector}" is of JSON and of space-delimited patterns alone`, 0)
    return pattern.values.reader(selector)
  }
  const number = Number(metricValue)
  if (!metricValue.startsWith('$') && (metricValue.trim() === '' || !Number.isFinite(number)))
    throw new PatternError(`metricValue is a number or begins with $, and this is "${metricValue}"`, 0)
  const value = metricValue.startsWith('$') ? reader(metricValue) : () => number
  const named = Object.entries(selectors).map(([name, selector]) => [name, reader(selector)] as const)
  return (message) => {
    const found = numberOf(value(message))
    if (found === undefined) return undefined
    const dimensions: Record<string, string> = {}
    for (const [name, read] of named) {
      const text = dimensionOf(read(message))
      if (text !== undefined) setOwn(dimensions, name, text)
    }
    return { value: found, dimensions }
  }
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** Undefined: the metric has not this dimension. */
function dimensionOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined
  const text = `${value}`.slice(0, MAX_DIMENSION_VALUE)
  return text.trim() === '' ? undefined : text
}

function pointOf({ filter, dimensions, timeNanos, service, values }: Sample, receivedNanos: bigint): MetricPoint[] {
  const { metricName: name, metricNamespace: namespace, unit = 'None' } = filter.transformation
  const samples = weigh(values, undefined, Infinity)
  if (typeof samples === 'string') return []
  return [
    {
      name,
      namespace,
      service,
      dimensions,
      unit,
      timeNanos,
      receivedNanos,
      ...pointOfSamples(samples),
      resolutionSeconds: 60,
      attributes: {},
      resource: {},
    },
  ]
}
