// Events and links of a Datadog span that stand as JSON in a tag, where a tracer has no better place.
import type { Attributes, AttributeValue } from '../span/attribute-value.ts'
import { MAX_DEPTH } from './datadog-item.ts'
import { NO_SPAN_ID } from '../span/id.ts'
import { formatEvents, formatLinks, formatResource } from '../span/span-json.ts'
import { isDeeperThan, isJsonObject, setOwn, textOf, type JsonObject } from './json.ts'

const NO_TRACE_ID = '0'.repeat(32)

/** A number that a double may not hold. */
const LONG_NUMBER = /[:[,]\s*-?\d{16}/

/** What was found in a tag; links to nothing are pointers to something that is no span. */
export interface TagLinks {
  readonly links: readonly string[]
  readonly pointers: readonly string[]
}

/** Tag `events`: `[{"name","time_unix_nano","attributes"}]`. undefined when it is something else. */
export function eventsOfTag(json: string): readonly string[] | undefined {
  const list = listOf(json)
  return list?.map((event) =>
    itemOf(
      formatEvents([
        {
          timeNanos: wholeOf(event['time_unix_nano']),
          name: textOf(event['name']) ?? '',
          attributes: attributesOf(event),
        },
      ]),
    ),
  )
}

/** Tag `_dd.span_links`: `[{"trace_id","span_id","attributes","tracestate","flags"}]` with ids in hex. */
export function linksOfTag(json: string): TagLinks | undefined {
  const list = listOf(json)
  if (list === undefined) return undefined
  const links: string[] = []
  const pointers: string[] = []
  for (const link of list) {
    const traceId = hexOf(link['trace_id'], 32)
    const spanId = hexOf(link['span_id'], 16)
    if (traceId === undefined || spanId === undefined) return undefined
    const attributes = attributesOf(link)
    if (traceId === NO_TRACE_ID || spanId === NO_SPAN_ID) pointers.push(formatResource(attributes) || '{}')
    else {
      const state = link['tracestate']
      const flags = Number(wholeOf(link['flags']) & 0x7fff_ffffn)
      links.push(
        itemOf(
          formatLinks([
            { traceId, spanId, attributes, flags, ...(typeof state === 'string' ? { traceState: state } : {}) },
          ]),
        ),
      )
    }
  }
  return { links, pointers }
}

/** Without the brackets of the list that it is in. */
function itemOf(json: string): string {
  return json.slice(1, -1)
}

function listOf(json: string): readonly JsonObject[] | undefined {
  if (isDeeperThan(json, MAX_DEPTH)) return undefined
  try {
    const value: unknown = LONG_NUMBER.test(json) ? JSON.parse(json, keepDigits) : JSON.parse(json)
    return Array.isArray(value) && value.every(isJsonObject) ? value : undefined
  } catch {
    return undefined
  }
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  return /^-?\d{1,20}$/.test(source) ? BigInt(source) : value
}

function wholeOf(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  return typeof value === 'number' && Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n
}

function hexOf(value: unknown, digits: number): string | undefined {
  if (typeof value !== 'string' || !/^[0-9a-f]*$/i.test(value) || value.length > digits) return undefined
  return value.toLowerCase().padStart(digits, '0')
}

function attributesOf(parent: JsonObject): Attributes {
  const { attributes } = parent
  return isJsonObject(attributes) ? (valueOf(attributes) as Attributes) : {}
}

/** Whole numbers are int64, as far as they are. */
function valueOf(value: unknown): AttributeValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? value : Number(value)
  if (Array.isArray(value)) return value.map(valueOf)
  if (!isJsonObject(value)) return value as string | boolean | null
  const found: { [key: string]: AttributeValue } = {}
  for (const [key, item] of Object.entries(value)) setOwn(found, key, valueOf(item))
  return found
}
