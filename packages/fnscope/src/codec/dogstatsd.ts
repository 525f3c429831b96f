// DogStatsD: metrics, events and service checks, a line each. Every sample is a point of its own, so that nothing is
// averaged away that a query might ask for. https://docs.datadoghq.com/developers/dogstatsd/datagram_shell
import type { Batch } from '../span/batch.ts'
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'

/** Why a line is not kept. */
export type StatsdRefusal = 'parse_error' | 'too_old' | 'too_new'

export interface StatsdContext {
  readonly receivedNanos: bigint
  readonly bounds: { readonly minNanos: bigint; readonly maxNanos: bigint }
  /** Told of each line that is not kept; the others are. */
  readonly refuse: (reason: StatsdRefusal, message: string) => void
}

const decoder = new TextDecoder('utf-8')
const MAX_SHOWN = 100
const NANOS_PER_SECOND = 1e9

/** Appends the datagram's messages to the batch. @returns how many points and records were added */
export function decodeDogStatsd(datagram: Uint8Array, batch: Batch, context: StatsdContext): number {
  const before = batch.metrics.length + batch.logs.length
  for (const line of decoder.decode(datagram).split('\n')) {
    const message = line.endsWith('\r') ? line.slice(0, -1) : line
    if (message !== '') decodeMessage(message, batch, context)
  }
  return batch.metrics.length + batch.logs.length - before
}

function decodeMessage(message: string, batch: Batch, context: StatsdContext): void {
  const found = message.startsWith('_e{')
    ? eventOf(message, context)
    : message.startsWith('_sc|')
      ? checkOf(message, context)
      : samplesOf(message, context)
  if (found === undefined) {
    context.refuse('parse_error', `no message of DogStatsD: ${message.slice(0, MAX_SHOWN)}`)
    return
  }
  const timeNanos = Array.isArray(found) ? found[0]!.timeNanos : found.timeNanos
  const { minNanos, maxNanos } = context.bounds
  if (timeNanos < minNanos) context.refuse('too_old', message.slice(0, MAX_SHOWN))
  else if (timeNanos > maxNanos) context.refuse('too_new', message.slice(0, MAX_SHOWN))
  else if (Array.isArray(found)) for (const point of found) batch.metrics.push(point)
  else batch.logs.push(found)
}

/** What stands behind the type of a metric, in any order. */
interface Sections {
  /** undefined: it is no number between 0 and 1. */
  rate: number | undefined
  tags: readonly string[]
  timeNanos: bigint
  readonly attributes: { [name: string]: string }
}

const TYPES: Readonly<Record<string, MetricPoint['kind']>> = {
  c: 'sum',
  g: 'gauge',
  ms: 'statistics',
  h: 'statistics',
  d: 'statistics',
  s: 'gauge',
}

const DELTA = 1

// name:value[:value…]|type[|@rate][|#tag,k:v][|T<unix s>][|c:<container>][|e:<external>][|card:<level>]
function samplesOf(message: string, context: StatsdContext): MetricPoint[] | undefined {
  const [head = '', type = '', ...rest] = message.split('|')
  const colon = head.indexOf(':')
  const kind = Object.hasOwn(TYPES, type) ? TYPES[type]! : undefined
  if (colon < 1 || kind === undefined) return undefined
  const text = head.slice(colon + 1)
  const values = type === 's' ? [text] : text.split(':')
  const sections = sectionsOf(rest, context)
  if (sections?.rate === undefined) return undefined
  const { rate, tags, timeNanos, attributes } = sections
  const dimensions = dimensionsOf(tags)
  // A sample of a tenth stands for ten; of a gauge or a set it is what it is.
  const weight = kind === 'gauge' ? 1 : 1 / rate
  const points: MetricPoint[] = []
  for (const value of values) {
    const number = type === 's' ? 1 : numberOf(value)
    if (number === undefined || (type === 's' && value === '')) return undefined
    const count = kind === 'statistics' ? Math.max(1, Math.round(weight)) : 1
    points.push({
      name: head.slice(0, colon),
      namespace: '',
      service: dimensions['service'] ?? dimensions['functionname'] ?? '',
      dimensions,
      unit: type === 'ms' ? 'ms' : '',
      kind,
      timeNanos,
      receivedNanos: context.receivedNanos,
      value: kind === 'statistics' ? number * count : number * weight,
      count,
      min: number,
      max: number,
      bounds: [],
      counts: [],
      monotonic: false,
      temporality: kind === 'sum' ? DELTA : 0,
      resolutionSeconds: 1,
      attributes: { 'statsd.type': type, ...(type === 's' ? { 'statsd.value': value } : {}), ...attributes },
      resource: {},
    })
  }
  return points
}

const NAMES: Readonly<Record<string, string>> = {
  'c:': 'container.id',
  'e:': 'statsd.external_data',
  'card:': 'statsd.cardinality',
}

function sectionsOf(parts: readonly string[], { receivedNanos }: StatsdContext): Sections | undefined {
  const sections: Sections = { rate: 1, tags: [], timeNanos: receivedNanos, attributes: {} }
  for (const part of parts) {
    if (part.startsWith('@')) {
      const rate = numberOf(part.slice(1))
      sections.rate = rate !== undefined && rate > 0 && rate <= 1 ? rate : undefined
    } else if (part.startsWith('#')) sections.tags = part.slice(1).split(',')
    else if (/^T\d+$/.test(part)) sections.timeNanos = BigInt(part.slice(1)) * BigInt(NANOS_PER_SECOND)
    else
      for (const [prefix, name] of Object.entries(NAMES))
        if (part.startsWith(prefix)) sections.attributes[name] = part.slice(prefix.length)
  }
  return sections
}

/** `k:v`, or a word that stands for itself; of a key that comes twice both values. */
export function dimensionsOf(tags: readonly string[]): { readonly [name: string]: string } {
  const found = new Map<string, string>()
  for (const tag of tags) {
    if (tag === '') continue
    const colon = tag.indexOf(':')
    const name = colon < 0 ? tag : tag.slice(0, colon)
    const value = colon < 0 ? '' : tag.slice(colon + 1)
    const before = found.get(name)
    found.set(name, before === undefined ? value : `${before},${value}`)
  }
  return Object.fromEntries(found)
}

/** As decimal text; a sign in front is a sign. */
function numberOf(text: string): number | undefined {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return undefined
  const number = Number(text)
  return Number.isFinite(number) ? number : undefined
}

interface Severity {
  readonly severity: string
  readonly severityNumber: number
}

const INFO: Severity = { severity: 'INFO', severityNumber: 9 }
const WARN: Severity = { severity: 'WARN', severityNumber: 13 }
const ERROR: Severity = { severity: 'ERROR', severityNumber: 17 }

const EVENT_SEVERITIES: Readonly<Record<string, Severity>> = { error: ERROR, warning: WARN }

const EVENT_FIELDS: Readonly<Record<string, string>> = {
  'h:': 'host.name',
  'k:': 'event.aggregation_key',
  'p:': 'event.priority',
  's:': 'event.source',
  't:': 'event.alert_type',
  'c:': 'container.id',
}

// _e{<bytes of title>,<bytes of text>}:<title>|<text>[|d:<unix s>][|h:<host>][|k:…][|p:…][|s:…][|t:…][|#tags]
function eventOf(message: string, context: StatsdContext): LogRecord | undefined {
  const sizes = /^_e\{(\d{1,6}),(\d{1,6})\}:/.exec(message)
  if (!sizes) return undefined
  const bytes = Buffer.from(message.slice(sizes[0].length))
  const titleEnd = Number(sizes[1])
  const textEnd = titleEnd + 1 + Number(sizes[2])
  if (titleEnd === 0 || bytes.length < textEnd || bytes[titleEnd] !== PIPE) return undefined
  const rest = bytes.subarray(textEnd).toString('utf8')
  if (rest !== '' && !rest.startsWith('|')) return undefined
  const title = bytes.subarray(0, titleEnd).toString('utf8')
  const text = bytes.subarray(titleEnd + 1, textEnd).toString('utf8')
  const body = unescaped(text === '' ? title : `${title}\n${text}`)
  const fields = fieldsOf(rest.slice(1).split('|'), EVENT_FIELDS, context)
  return recordOf(body, EVENT_SEVERITIES[fields.attributes['event.alert_type'] ?? ''] ?? INFO, fields, context, 'event')
}

const PIPE = 124

const STATUSES = [
  { word: 'ok', ...INFO },
  { word: 'warning', ...WARN },
  { word: 'critical', ...ERROR },
  { word: 'unknown', ...INFO },
]

const CHECK_FIELDS: Readonly<Record<string, string>> = {
  'h:': 'host.name',
  'm:': 'check.message',
  'c:': 'container.id',
}

// _sc|<name>|<0 … 3>[|d:<unix s>][|h:<host>][|#tags][|m:<message>]
function checkOf(message: string, context: StatsdContext): LogRecord | undefined {
  const [, name = '', status = '', ...rest] = message.split('|')
  const found = /^[0-3]$/.test(status) ? STATUSES[Number(status)]! : undefined
  if (name === '' || found === undefined) return undefined
  // The message is the last, and may have a bar in it.
  const at = rest.findIndex((part) => part.startsWith('m:'))
  const parts = at < 0 ? rest : [...rest.slice(0, at), rest.slice(at).join('|')]
  const fields = fieldsOf(parts, CHECK_FIELDS, context)
  fields.attributes['check.name'] = name
  fields.attributes['check.status'] = found.word
  const said = fields.attributes['check.message']
  const body = unescaped(`${name} is ${found.word}${said === undefined ? '' : `: ${said}`}`)
  return recordOf(body, found, fields, context, 'service_check')
}

interface Fields {
  timeNanos: bigint
  tags: readonly string[]
  readonly attributes: { [name: string]: string }
}

function fieldsOf(parts: readonly string[], names: Readonly<Record<string, string>>, context: StatsdContext): Fields {
  const fields: Fields = { timeNanos: context.receivedNanos, tags: [], attributes: {} }
  for (const part of parts) {
    if (part.startsWith('#')) fields.tags = part.slice(1).split(',')
    else if (/^d:\d+$/.test(part)) fields.timeNanos = BigInt(part.slice(2)) * BigInt(NANOS_PER_SECOND)
    else {
      const name = names[part.slice(0, 2)]
      if (name !== undefined) fields.attributes[name] = part.slice(2)
    }
  }
  return fields
}

function recordOf(
  body: string,
  { severity, severityNumber }: Severity,
  { timeNanos, tags, attributes }: Fields,
  { receivedNanos }: StatsdContext,
  kind: 'event' | 'service_check',
): LogRecord {
  const dimensions = dimensionsOf(tags)
  return {
    timeNanos,
    receivedNanos,
    kind: 'statsd',
    logGroup: '',
    logStream: '',
    service: dimensions['service'] ?? dimensions['functionname'] ?? '',
    severity,
    severityNumber,
    body,
    attributes: { ...dimensions, 'statsd.kind': kind, ...attributes },
    resource: {},
  }
}

/** A newline stands as two characters. */
function unescaped(text: string): string {
  return text.replaceAll('\\n', '\n')
}
