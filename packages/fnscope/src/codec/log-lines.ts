// Log text as /v1/write/logstreaming takes it: a record a line, or Fluent Bit's JSON (`type=firelens`). What the lines are
// of stands in the arguments: source, service, tags.
import type { Batch } from '../span/batch.ts'
import { NO_POINTS, type PointsContext } from './decode-points.ts'
import { isDeeperThan, isJsonObject } from './json.ts'
import { logOfPoint } from './point-logs.ts'
import { fieldOf, POINT_LIMITS, type PointTag } from './point.ts'
import { MalformedError, type Taken } from './taken.ts'

export interface LogLinesContext extends Pick<PointsContext, 'receivedNanos' | 'extraTags' | 'onPoint'> {
  /** source, service, tags (`k=v,k=v`), type. */
  readonly query: URLSearchParams
}

const MAX_LINES = 250_000
const MAX_DEPTH = 32
/** What the tags come to, repeated in each line. */
const MAX_TAG_BYTES = 128 * 1024 * 1024

const decoder = new TextDecoder('utf-8')

/** @throws MalformedError when there is no line, or too many */
export function decodeLogLines(body: Uint8Array, batch: Batch, context: LogLinesContext): Taken {
  const { receivedNanos, query, extraTags, onPoint } = context
  const text = decoder.decode(body)
  const lines = query.get('type') === 'firelens' ? firelensLines(text) : text.split('\n', MAX_LINES + 1)
  if (lines.length > MAX_LINES)
    throw new MalformedError(`The body has more than ${MAX_LINES} lines: send less at once.`)
  const tags: readonly PointTag[] = [...tagsOf(query), ...extraTags]
  const name = (query.get('source') ?? '').slice(0, POINT_LIMITS.nameLength) || 'default'
  const tagBytes = tags.reduce((sum, { key, value }) => sum + key.length + value.length, name.length)
  let rows = 0
  for (const line of lines) {
    const message = line.replace(/\r$/, '')
    if (message.trim() === '') continue
    rows += 1
    if (rows * tagBytes > MAX_TAG_BYTES) throw new MalformedError('The lines with their tags are too many at once.')
    // Each a little later than the one before: they stay in order.
    const timeNanos = receivedNanos + BigInt(rows - 1)
    const fields = [fieldOf('message', 's', message), fieldOf('status', 's', 'info')]
    const point = { name, tags, fields, timeNanos }
    batch.logs.push(logOfPoint(point, { timeNanos, receivedNanos, category: 'logging' }))
    onPoint?.(point)
  }
  if (rows === 0) throw new MalformedError(NO_POINTS)
  return { rows, rejected: 0, reasons: new Map(), message: '' }
}

function tagsOf(query: URLSearchParams): PointTag[] {
  const service = query.get('service') ?? ''
  const tags = (query.get('tags') ?? '').split(',', POINT_LIMITS.tags).flatMap((pair): PointTag[] => {
    const at = pair.indexOf('=')
    return at > 0 && at < pair.length - 1 ? [{ key: pair.slice(0, at), value: pair.slice(at + 1) }] : []
  })
  return service === '' ? tags : [{ key: 'service', value: service }, ...tags]
}

/** `[{"date":…,"log":"…"}]`; a record without a log is its own JSON. */
function firelensLines(text: string): string[] {
  if (isDeeperThan(text, MAX_DEPTH)) throw new MalformedError(`The JSON is nested deeper than ${MAX_DEPTH}.`)
  let records: unknown
  try {
    records = JSON.parse(text)
  } catch (error) {
    throw new MalformedError(`The body is no JSON: ${(error as Error).message.slice(0, 200)}`)
  }
  if (!Array.isArray(records)) throw new MalformedError('The JSON is no list of records.')
  return records.map((record: unknown) => {
    const line = isJsonObject(record) ? record['log'] : undefined
    return typeof line === 'string' ? line : JSON.stringify(record)
  })
}
