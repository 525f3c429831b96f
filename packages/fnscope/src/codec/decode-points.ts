// A body of points, of any of the four wire forms, into a batch: spans, metric points or log records, as the category of
// the request says. A point that cannot be kept is refused alone; a body of which none can be read is refused whole.
import type { Batch } from '../span/batch.ts'
import type { TimeBounds } from '../span/time.ts'
import { decodeLineProtocol } from './line-protocol.ts'
import { limitOf, type Point, type PointSink, type PointTag } from './point.ts'
import { decodePointsJson, decodePointsPbjson } from './point-json.ts'
import { logOfPoint } from './point-logs.ts'
import { metricsOfPoint } from './point-metrics.ts'
import { decodePointsProtobuf } from './point-protobuf.ts'
import { PointSpans } from './point-spans.ts'
import type { Precision } from './point-time.ts'
import { MalformedError, Refusals, type RefusalReason, type Taken } from './taken.ts'

export type PointFormat = 'protobuf' | 'line' | 'json' | 'pbjson'

export interface PointsContext {
  readonly receivedNanos: bigint
  readonly bounds: TimeBounds
  /** The last part of the path: metric, logging, tracing, object … */
  readonly category: string
  readonly format: PointFormat
  /** Of times in line protocol and JSON; protobuf has nanoseconds. */
  readonly precision: Precision
  /** For every point that has no tag of that key. */
  readonly extraTags: readonly PointTag[]
  /** One bad point refuses the whole body. */
  readonly strict: boolean
  /** Told of each point that is kept. */
  readonly onPoint?: (point: Point) => void
}

/** What a request without any is refused with. */
export const NO_POINTS = 'The body has no points.'

/** A body is read as one that holds so much; more is for several requests. */
const MAX_ROWS = 250_000
/** What the tags come to, repeated in each row: a few bytes can ask for a lot of it. */
const MAX_TAG_BYTES = 128 * 1024 * 1024

/**
 * Appends what the points say to `batch`.
 * @throws MalformedError then the batch is in no state to be used
 */
export function decodePoints(body: Uint8Array, batch: Batch, context: PointsContext): Taken {
  const taker = new PointTaker(batch, context)
  if (context.category !== 'tracing') {
    read(body, taker, context)
    return taker.taken()
  }
  spans.begin(batch.spans, context)
  try {
    read(body, taker, context)
    return together(taker.taken(), spans.end())
  } finally {
    spans.close()
  }
}

const spans = new PointSpans()

function read(body: Uint8Array, sink: PointSink, { format, precision }: PointsContext): void {
  switch (format) {
    case 'protobuf':
      decodePointsProtobuf(body, sink)
      break
    case 'line':
      decodeLineProtocol(body, sink, precision)
      break
    case 'json':
      decodePointsJson(body, sink, precision)
      break
    case 'pbjson':
      decodePointsPbjson(body, sink)
  }
}

/** Of points that were refused before they were spans, and of the spans. */
function together(points: Taken, of: Taken): Taken {
  return {
    rows: of.rows,
    rejected: points.rejected + of.rejected,
    reasons: new Map([...points.reasons, ...of.reasons]),
    message: [points.message, of.message].filter((message) => message !== '').join(' '),
  }
}

class PointTaker implements PointSink {
  readonly #batch: Batch
  readonly #context: PointsContext
  readonly #refusals = new Refusals()
  #points = 0
  #bad = 0
  #rows = 0
  #tagBytes = 0
  #detail = ''

  constructor(batch: Batch, context: PointsContext) {
    this.#batch = batch
    this.#context = context
  }

  take(read: Point): void {
    const { receivedNanos, bounds, onPoint } = this.#context
    const point = this.#withExtraTags(read)
    const over = limitOf(point)
    if (over !== undefined) return this.refuse('bad_point', over)
    const timeNanos = point.timeNanos ?? receivedNanos
    this.#points += 1
    if (this.#context.category === 'tracing') {
      this.#count(point, 1)
      if (spans.add(point, timeNanos)) onPoint?.(point)
      return
    }
    if (timeNanos < bounds.minNanos) return this.#refuseRead('too_old')
    if (timeNanos > bounds.maxNanos) return this.#refuseRead('too_new')
    this.#put(point, timeNanos)
    onPoint?.(point)
  }

  refuse(reason: RefusalReason, detail: string): void {
    if (this.#context.strict) throw new MalformedError(`Refused, for the request is strict: ${detail}.`)
    this.#bad += 1
    if (this.#detail === '') this.#detail = detail
    this.#refusals.add(reason)
  }

  /** Of a point that can be read: that alone does not refuse a body. */
  #refuseRead(reason: RefusalReason): void {
    this.#refusals.add(reason)
  }

  #put(point: Point, timeNanos: bigint): void {
    const { receivedNanos, category } = this.#context
    if (category === 'metric' || category === 'metrics') {
      const samples = metricsOfPoint(point, timeNanos, receivedNanos)
      if (samples.length === 0) return this.#refuseRead('no_number')
      this.#count(point, samples.length)
      this.#batch.metrics.push(...samples)
    } else {
      this.#count(point, 1)
      this.#batch.logs.push(logOfPoint(point, { timeNanos, receivedNanos, category }))
    }
  }

  /** @throws MalformedError when the body comes to more than may be */
  #count({ tags }: Point, rows: number): void {
    let size = 0
    for (const { key, value } of tags) size += key.length + value.length
    this.#rows += rows
    this.#tagBytes += size * rows
    if (this.#rows > MAX_ROWS || this.#tagBytes > MAX_TAG_BYTES)
      throw new MalformedError(
        `The body comes to more than ${MAX_ROWS} rows, or than ${MAX_TAG_BYTES} bytes of tags in them: send less at once.`,
      )
  }

  #withExtraTags(point: Point): Point {
    const { extraTags } = this.#context
    if (extraTags.length === 0) return point
    const own = new Set(point.tags.map(({ key }) => key))
    return { ...point, tags: [...point.tags, ...extraTags.filter(({ key }) => !own.has(key))] }
  }

  /** @throws MalformedError when there was nothing, or nothing that is a point */
  taken(): Taken {
    if (this.#points === 0 && this.#bad === 0) throw new MalformedError(NO_POINTS)
    if (this.#points === 0) throw new MalformedError(`No point of the body can be read: ${this.#detail}.`)
    const taken = this.#refusals.taken(this.#rows)
    return this.#detail === '' ? taken : { ...taken, message: `${taken.message} First: ${this.#detail}.` }
  }
}
