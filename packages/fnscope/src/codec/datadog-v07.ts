// POST /v0.7/traces of the Datadog agent: a tracer's payload, whose chunks say once what v0.4 has on their first span.
import type { SpanBatch } from '../span/span-batch.ts'
import { TAG } from './datadog-keys.ts'
import { DatadogRows, noTraces, type DatadogContext } from './datadog-rows.ts'
import { UNKNOWN_TRACER } from './datadog-source.ts'
import { readMeta, readSpan } from './datadog-span.ts'
import { MsgpackError, MsgpackReader } from './msgpack-reader.ts'
import { stringOf } from './otlp-text.ts'
import type { Taken } from './taken.ts'

const reader = new MsgpackReader()
const rows = new DatadogRows()

const PROCESS: ReadonlyMap<string, number> = new Map([
  ['env', TAG.env],
  ['app_version', TAG.version],
  ['runtime_id', TAG.runtimeId],
  ['hostname', TAG.host],
])

/**
 * Appends the payload's spans to `into`.
 * @throws MalformedError then `into` is in no state to be used
 */
export function decodeDatadogV07(body: Uint8Array, into: SpanBatch, context: DatadogContext): Taken {
  reader.open(body)
  try {
    const places = placesOf()
    if (reader.at < body.length) throw new MsgpackError('more than one item', reader.at)
    const { language, version } = context.tracer ?? UNKNOWN_TRACER
    rows.begin(into, reader.view, {
      ...context,
      tracer: {
        language: textAt(places, 'language_name') || language,
        version: textAt(places, 'tracer_version') || version,
      },
    })
    for (const [name, tag] of PROCESS) {
      if (!seek(places, name)) continue
      reader.text()
      rows.setProcess(tag, reader.start, reader.end)
    }
    if (seek(places, 'chunks')) for (let left = reader.array(); left > 0; left--) readChunk(places)
    return rows.end()
  } catch (error) {
    if (error instanceof MsgpackError) throw noTraces('v0.7 traces', error.message)
    throw error
  } finally {
    reader.close()
    rows.close()
  }
}

/** Where the values of a map begin, by their names; the reader is behind it then. */
type Places = ReadonlyMap<string, number>

function placesOf(): Places {
  const places = new Map<string, number>()
  for (let left = reader.map(); left > 0; left--) {
    reader.text()
    places.set(stringOf(reader.view, reader.start, reader.end), reader.at)
    reader.skip()
  }
  return places
}

/** Puts the reader before the value, if there is one. */
function seek(places: Places, name: string): boolean {
  const at = places.get(name)
  if (at === undefined) return false
  reader.at = at
  return true
}

function textAt(places: Places, name: string): string {
  if (!seek(places, name)) return ''
  reader.text()
  return stringOf(reader.view, reader.start, reader.end)
}

function readChunk(payload: Places): void {
  const places = placesOf()
  const after = reader.at
  rows.beginChunk()
  if (seek(places, 'spans'))
    for (let left = reader.array(), first = true; left > 0; left--, first = false) {
      const { at } = reader
      rows.beginSpan()
      if (first) putChunk(payload, places)
      reader.at = at
      readSpan(reader, rows)
      rows.endSpan()
    }
  reader.at = after
}

/** What is said of the chunk, on its first span: where other versions have it. */
function putChunk(payload: Places, places: Places): void {
  const { writer } = rows
  if (seek(places, 'priority')) {
    reader.number()
    rows.wholeMetric(writer.keyNamed('_sampling_priority_v1'), reader.low, reader.high)
  }
  if (seek(places, 'origin')) {
    reader.text()
    if (reader.end > reader.start) rows.tag(writer.keyNamed('_dd.origin'), reader.start, reader.end)
  }
  if (seek(places, 'dropped_trace') && reader.boolean()) rows.setPriority(0)
  if (seek(places, 'tags')) readMeta(reader, rows)
  if (seek(payload, 'tags')) readMeta(reader, rows)
}
