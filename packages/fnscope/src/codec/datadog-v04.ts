// POST /v0.3/traces and /v0.4/traces of the Datadog agent: MessagePack, an array of chunks, each an array of spans.
import type { SpanBatch } from '../span/span-batch.ts'
import { DatadogRows, noTraces, type DatadogContext } from './datadog-rows.ts'
import { readSpan } from './datadog-span.ts'
import { MsgpackError, MsgpackReader } from './msgpack-reader.ts'
import type { Taken } from './taken.ts'

const reader = new MsgpackReader()
const rows = new DatadogRows()

/**
 * Appends the request's spans to `into`.
 * @throws MalformedError then `into` is in no state to be used
 */
export function decodeDatadogV04(body: Uint8Array, into: SpanBatch, context: DatadogContext): Taken {
  reader.open(body)
  rows.begin(into, reader.view, context)
  try {
    for (let chunks = reader.array(); chunks > 0; chunks--) {
      rows.beginChunk()
      for (let spans = reader.array(); spans > 0; spans--) {
        rows.beginSpan()
        readSpan(reader, rows)
        rows.endSpan()
      }
    }
    if (reader.at < body.length) throw new MsgpackError('more than one item', reader.at)
    return rows.end()
  } catch (error) {
    if (error instanceof MsgpackError) throw noTraces('v0.4 traces', error.message)
    throw error
  } finally {
    reader.close()
    rows.close()
  }
}
