// The value of a Zipkin annotation as an event's name and attributes. Zipkin has a text alone; OpenTelemetry's exporters
// put more into it: {"name":{"key":"value"}} the Python one, name|{"key":"value"}|dropped the collector's.
import { attributeJson } from '../span/attribute-value.ts'
import { isDeeperThan, isJsonObject } from './json.ts'
import { stringOf, type TextWriter } from './otlp-text.ts'

const BRACE = 123
const BAR = 124
/** No exporter nests more than a list. */
const MAX_DEPTH = 8
const COLLECTOR = /^([^|]*)\|(\{.*\})\|(\d+)$/s

interface Event {
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly dropped: number
}

/** Appends `"name"` and what is behind it, of the value between `start` and `end`. */
export function writeAnnotation(view: DataView, start: number, end: number, to: TextWriter): void {
  if (start === end) return
  const event = mayHoldMore(view, start, end) ? eventOf(stringOf(view, start, end)) : undefined
  to.ascii(',"name":')
  if (event === undefined) {
    to.quoted(view, start, end)
    return
  }
  to.text(JSON.stringify(event.name))
  if (Object.keys(event.attributes).length > 0) to.text(`,"attributes":${attributeJson(event.attributes)}`)
  if (event.dropped > 0) to.ascii(`,"droppedAttributes":${event.dropped}`)
}

function mayHoldMore(view: DataView, start: number, end: number): boolean {
  if (view.getUint8(start) === BRACE) return true
  for (let at = start; at < end; at++) if (view.getUint8(at) === BAR) return true
  return false
}

function eventOf(text: string): Event | undefined {
  const collector = COLLECTOR.exec(text)
  if (collector !== null) {
    const attributes = parse(collector[2]!)
    return attributes && { name: collector[1]!, attributes, dropped: Math.min(Number(collector[3]), 0xffff_ffff) }
  }
  const members = Object.entries(parse(text) ?? {})
  const [name, attributes] = members[0] ?? []
  return members.length === 1 && isJsonObject(attributes) ? { name: name!, attributes, dropped: 0 } : undefined
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  if (isDeeperThan(text, MAX_DEPTH)) return undefined
  try {
    const value: unknown = JSON.parse(text, keepIntegers)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** A number without a point was an integer. */
function keepIntegers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || !/^-?\d{1,18}$/.test(context?.source ?? '')) return value
  return BigInt(context!.source!)
}
