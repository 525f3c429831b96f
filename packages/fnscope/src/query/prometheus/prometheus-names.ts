// How stored metrics are called in Prometheus: CloudWatch's as its exporter spells them, OpenTelemetry's by the usual
// translation of names and units, Prometheus' own and others as they came.
import type { Attributes } from '../../span/attribute-value.ts'
import type { MetricSeries } from '../reader.ts'
import type { Labels } from './promql-series.ts'

export type MetricOrigin = 'cloudwatch' | 'otel' | 'plain'
export type MetricShape = Pick<
  MetricSeries,
  'namespace' | 'name' | 'dimensions' | 'unit' | 'kind' | 'monotonic' | 'resource'
>

export interface ExposedName {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary'
}

/** Of a metric of CloudWatch, each a series. */
export const CLOUDWATCH_SUFFIXES = [
  'sum',
  'average',
  'minimum',
  'maximum',
  'sample_count',
  'p50',
  'p90',
  'p95',
  'p99',
] as const

export function originOf({ namespace, resource }: Pick<MetricShape, 'namespace' | 'resource'>): MetricOrigin {
  if (namespace !== '') return 'cloudwatch'
  return Object.keys(resource).length > 0 ? 'otel' : 'plain'
}

/** Without the suffixes of its parts. */
export function baseName(shape: MetricShape): string {
  const origin = originOf(shape)
  if (origin === 'cloudwatch') return safeName(`${snakeCase(shape.namespace)}_${snakeCase(shape.name)}`)
  return origin === 'otel' ? otelName(shape) : plainName(shape.name)
}

/** Every name under which the metric is found. */
export function exposedNames(shape: MetricShape): readonly ExposedName[] {
  const base = baseName(shape)
  if (originOf(shape) === 'cloudwatch')
    return CLOUDWATCH_SUFFIXES.map((suffix) => ({ name: `${base}_${suffix}`, type: 'gauge' }))
  const of = (type: ExposedName['type'], ...suffixes: readonly string[]): ExposedName[] =>
    suffixes.map((suffix) => ({ name: `${base}${suffix}`, type }))
  switch (shape.kind) {
    case 'gauge':
      return of('gauge', '')
    case 'sum':
      return of(shape.monotonic ? 'counter' : 'gauge', '')
    case 'histogram':
      return of('histogram', '_bucket', '_sum', '_count')
    case 'exponential':
      return of('histogram', '_sum', '_count')
    case 'summary':
      return of('summary', '', '_sum', '_count')
    case 'statistics':
      return of('gauge', '_sum', '_count', '_min', '_max')
  }
}

/** The labels that all its series share. */
export function commonLabels(shape: Pick<MetricShape, 'namespace' | 'dimensions' | 'resource'>): Labels {
  const labels: Record<string, string> = {}
  const add = (name: string, value: string): void => {
    if (value !== '') labels[name] = labels[name] === undefined ? value : `${labels[name]};${value}`
  }
  const origin = originOf(shape)
  for (const [name, value] of Object.entries(shape.dimensions))
    add(origin === 'cloudwatch' ? labelName(snakeCase(name)) : labelName(name), value)
  if (origin === 'cloudwatch') labels['job'] ??= safeName(snakeCase(shape.namespace))
  if (origin === 'otel') {
    const { resource } = shape
    const [service, namespace, instance] = ['service.name', 'service.namespace', 'service.instance.id'].map((key) =>
      textOf(resource, key),
    )
    if (service !== '') labels['job'] ??= namespace === '' ? service! : `${namespace}/${service}`
    if (instance !== '') labels['instance'] ??= instance!
  }
  return labels
}

function textOf(resource: Attributes, key: string): string {
  const value = resource[key]
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value)
}

function snakeCase(text: string): string {
  return text.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()
}

function safeName(text: string): string {
  return text.replaceAll(/[^a-zA-Z0-9:_]/g, '_').replaceAll(/_{2,}/g, '_')
}

function plainName(text: string): string {
  const name = text.replaceAll(/[^a-zA-Z0-9:_]/g, '_')
  return /^\d/.test(name) ? `_${name}` : name
}

function labelName(text: string): string {
  const name = text.replaceAll(/[^a-zA-Z0-9_]/g, '_')
  return /^\d/.test(name) ? `key_${name}` : name
}

const UNITS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tibibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '%': 'percent',
  1: '',
}
const PER: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
}

function otelName({ name, unit, kind, monotonic }: MetricShape): string {
  let tokens = name.split(/[^a-zA-Z0-9:]+/).filter((token) => token !== '')
  const [main = '', per] = unit.split('/', 2)
  const word = main.includes('{') ? '' : (UNITS[main] ?? main)
  const add = (text: string): void => {
    const clean = text.split(/[^a-zA-Z0-9]+/).filter((token) => token !== '')
    for (const token of clean) if (!tokens.includes(token)) tokens.push(token)
  }
  if (word !== '') add(word)
  if (per !== undefined && per !== '' && !per.includes('{')) {
    const each = PER[per] ?? per
    if (!tokens.includes(each)) tokens.push('per', each)
  }
  const moveLast = (token: string): void => {
    tokens = [...tokens.filter((one) => one !== token), token]
  }
  if (kind === 'sum' && monotonic) moveLast('total')
  if (kind === 'gauge' && unit === '1') moveLast('ratio')
  const joined = tokens.join('_')
  return /^\d/.test(joined) ? `_${joined}` : joined
}
