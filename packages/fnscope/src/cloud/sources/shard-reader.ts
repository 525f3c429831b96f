// One shard, read in order for its function: batches by size and window, as many at a time as ParallelizationFactor says,
// records of one key always after each other.
import { createHash } from 'node:crypto'
import { CloudCallError, isGone } from '../cloud-client.ts'
import { batchOf, MAX_BATCH_BYTES, sizeOf } from './batch-size.ts'
import { passesFilters, type Filters } from './event-filters.ts'
import { pause, pollAgain, type Poller, type SourceContext } from './source-context.ts'
import { deliverBatch, type ShardOf } from './stream-batch.ts'
import type { Stream, StreamBegin, StreamRecord } from './stream.ts'

export interface ShardReading extends ShardOf {
  readonly context: SourceContext
  readonly stream: Stream
  readonly filters: Filters
  readonly begin: StreamBegin
  /** The iterator of `begin`. */
  readonly iterator: string
  /** Older ones are not the mapping's. */
  readonly notBeforeMs: number
  /** All up to this record is done. */
  readonly onDone: (sequenceNumber: string) => void
}

interface Waiting extends StreamRecord {
  readonly bytes: number
  done: boolean
}

/** Records of some keys: one batch at a time. */
interface Lane {
  waiting: Waiting[]
  sinceMs: number
  work: Promise<void> | undefined
}

const IDLE_MS = 250

export interface ShardReader extends Poller {
  /** The shard is closed and every record of it done. */
  readonly finished: boolean
}

export function readShard(reading: ShardReading): ShardReader {
  const { spec, context, stream, shardId, filters } = reading
  const lanes: Lane[] = Array.from({ length: spec.parallelizationFactor ?? 1 }, () => ({
    waiting: [],
    sinceMs: 0,
    work: undefined,
  }))
  // In the order of the shard, from the first that is not done.
  let open: Waiting[] = []
  let iterator: string | undefined = reading.iterator
  let last: string | undefined
  let finished = false

  const read = async (signal: AbortSignal): Promise<void> => {
    const { records, next } = await stream.records(iterator!, shardId, signal).catch(async (error: unknown) => {
      // Split or merged, in a stream that keeps no shard that is closed.
      if (isGone(error) && (await stream.shards(signal)).every(({ id }) => id !== shardId))
        return { records: [], next: undefined }
      if (!(error instanceof CloudCallError)) throw error
      // Batches that took long: the iterator is too old by now, or what it stands at.
      const trimmed = error.code === 'TrimmedDataAccessException'
      if (!trimmed && !error.code.startsWith('ExpiredIterator')) throw error
      const place: StreamBegin = last === undefined ? reading.begin : { kind: 'after', sequenceNumber: last }
      const begin: StreamBegin = trimmed ? { kind: 'oldest' } : place
      return await stream.records(await stream.iterator(shardId, begin, signal), shardId, signal)
    })
    iterator = next
    last = records.at(-1)?.sequenceNumber ?? last
    for (const record of records) {
      const done = record.timeMs < reading.notBeforeMs || !passesFilters(filters, filtered(record.event))
      const waiting = { ...record, bytes: sizeOf(record.event), done }
      open.push(waiting)
      if (done) continue
      const lane = lanes[laneOf(record.key, lanes.length)]!
      if (lane.waiting.length === 0) lane.sinceMs = performance.now()
      lane.waiting.push(waiting)
    }
    settle()
  }

  const settle = (): void => {
    const undone = open.findIndex(({ done }) => !done)
    const done = undone < 0 ? open.length : undone
    if (done > 0) reading.onDone(open[done - 1]!.sequenceNumber)
    open = open.slice(done)
    finished = iterator === undefined && open.length === 0
  }

  const start = (lane: Lane, signal: AbortSignal): void => {
    if (lane.work !== undefined || lane.waiting.length === 0) return
    const batch = batchOf(lane.waiting, spec.batchSize)
    const full = batch.length >= spec.batchSize || batch.length < lane.waiting.length
    if (!full && performance.now() - lane.sinceMs < spec.windowSeconds * 1000) return
    lane.work = deliverBatch({ spec, context, shardId }, batch, signal)
      .then((done) => {
        if (!done) return
        for (const record of batch) record.done = true
        lane.waiting = lane.waiting.slice(batch.length)
        lane.sinceMs = performance.now()
        settle()
      })
      .catch((error: unknown) => context.log.warn({ err: error, shardId }, 'batch not finished'))
      .finally(() => (lane.work = undefined))
  }

  const poller = pollAgain(context, `Shard ${shardId}`, async ({ signal }) => {
    const held = open.reduce((bytes, record) => bytes + record.bytes, 0)
    const room = open.length < spec.batchSize * lanes.length && held < MAX_BATCH_BYTES * lanes.length
    if (iterator !== undefined && room) await read(signal)
    for (const lane of lanes) start(lane, signal)
    await Promise.race([pause(IDLE_MS, signal), ...lanes.flatMap(({ work }) => work ?? [])])
  })
  return {
    get finished() {
      return finished
    },
    async stop() {
      await poller.stop()
      await Promise.all(lanes.flatMap(({ work }) => work ?? []))
    },
  }
}

function laneOf(key: string, lanes: number): number {
  return lanes === 1 ? 0 : createHash('md5').update(key).digest().readUInt32BE(0) % lanes
}

/** What patterns see: a Kinesis record's data decoded, JSON where it is such, beside its partition key. */
function filtered(event: StreamRecord['event']): StreamRecord['event'] {
  const { kinesis } = event as { readonly kinesis?: Readonly<Record<string, unknown>> }
  if (kinesis === undefined) return event
  const data = Buffer.from(String(kinesis['data']), 'base64').toString()
  try {
    return { ...kinesis, ...event, data: JSON.parse(data) as unknown }
  } catch {
    return { ...kinesis, ...event, data }
  }
}
