// A stream of DynamoDB or Kinesis polled for its function: a reader for each shard, a shard's children after it.
import type { EventSourceSpec } from '../../functions/trigger-spec.ts'
import { CloudCallError, isGone } from '../cloud-client.ts'
import { filtersOf } from './event-filters.ts'
import { readShard, type ShardReader } from './shard-reader.ts'
import { pause, pollAgain, type Poller, type SourceContext } from './source-context.ts'
import type { StreamPosition } from './stream-positions.ts'
import { openStream, type Stream, type StreamBegin } from './stream.ts'

const NEW_SHARDS_MS = 5000
const OLDEST: StreamBegin = { kind: 'oldest' }

export function pollStream(spec: EventSourceSpec, context: SourceContext): Poller {
  const { positions } = context
  const readers = new Map<string, ShardReader>()
  const filters = filtersOf(spec.filters)
  let stream: Stream | undefined
  let known: StreamPosition | undefined
  // A shard that is there when a new mapping begins is read from where the mapping says, a later one from its beginning.
  let fresh = false

  const stopReaders = async (): Promise<void> => {
    await Promise.all([...readers.values()].map((reader) => reader.stop()))
  }
  const watch = pollAgain(context, `Stream ${spec.arn}`, async ({ signal }) => {
    if (stream === undefined) {
      stream = await openStream(spec, context, signal)
      known = positions.of(spec.uuid, stream.identity)
      fresh = known === undefined
      if (known === undefined) {
        known = { stream: stream.identity, sinceMs: Date.now(), shards: {} }
        positions.begin(spec.uuid, known)
      }
    }
    const shards = await stream.shards(signal).catch(async (error: unknown) => {
      // One that is made again under its name is another one.
      if (isGone(error)) {
        stream = undefined
        await stopReaders()
        readers.clear()
      }
      throw error
    })
    for (const { id: shardId, parentId } of shards) {
      if (readers.has(shardId) || readers.get(parentId ?? '')?.finished === false) continue
      const begin = beginOf(spec, { done: known!.shards[shardId], fresh })
      const opened = await openAt(stream, shardId, begin, signal)
      readers.set(
        shardId,
        readShard({
          spec,
          context,
          stream,
          shardId,
          filters,
          ...opened,
          // Where LATEST is read again from the beginning; times may be in whole seconds.
          notBeforeMs: spec.startingPosition === 'LATEST' ? Math.floor(known!.sinceMs / 1000) * 1000 : 0,
          onDone: (sequenceNumber) => positions.advance(spec.uuid, shardId, sequenceNumber),
        }),
      )
    }
    fresh = false
    await pause(NEW_SHARDS_MS, signal)
  })
  return {
    async stop() {
      await watch.stop()
      await stopReaders()
    },
  }
}

/** @param done sequence number of the last record that is */
function beginOf(
  { startingPosition = 'LATEST', startingTimestampMs = 0 }: EventSourceSpec,
  { done, fresh }: { readonly done: string | undefined; readonly fresh: boolean },
): StreamBegin {
  if (done !== undefined) return { kind: 'after', sequenceNumber: done }
  if (startingPosition === 'AT_TIMESTAMP') return { kind: 'at', timestampMs: startingTimestampMs }
  return fresh && startingPosition === 'LATEST' ? { kind: 'latest' } : OLDEST
}

/** A record that the stream has no more: from the oldest that it has. */
async function openAt(
  stream: Stream,
  shardId: string,
  begin: StreamBegin,
  signal: AbortSignal,
): Promise<{ readonly begin: StreamBegin; readonly iterator: string }> {
  try {
    return { begin, iterator: await stream.iterator(shardId, begin, signal) }
  } catch (error) {
    if (!(error instanceof CloudCallError) || begin.kind !== 'after') throw error
    return { begin: OLDEST, iterator: await stream.iterator(shardId, OLDEST, signal) }
  }
}
