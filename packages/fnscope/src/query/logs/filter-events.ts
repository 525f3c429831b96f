// A page of the events that a pattern fits: reads on from a position until the page is full, or it has looked at enough.
import type { LogEvent, LogEventQuery, LogPosition, Reader } from '../reader.ts'
import type { FilterPattern } from './filter-pattern.ts'
import { withinMs } from './within.ts'

export interface EventPage {
  readonly events: readonly LogEvent[]
  /** Of the last event that was looked at; undefined: there is nothing behind it now. */
  readonly next: LogPosition | undefined
}

/** What one question looks at. As the cloud's, a page may come back empty with a token for the rest. */
const MAX_LOOKED_AT = 50_000
const MAX_PAGE_BYTES = 1024 * 1024
const CHUNK = 10_000
const MATCH_MS = 3000

/** @param query whose `limit` is the page's */
export async function filterEvents(
  reader: Pick<Reader, 'readLogEvents'>,
  query: LogEventQuery,
  pattern: FilterPattern,
): Promise<EventPage> {
  const events: LogEvent[] = []
  const isNarrow = pattern.containing.length > 0
  const chunk = pattern.fitsAll === true ? Math.min(CHUNK, query.limit + 1) : CHUNK
  const place = query.order === 'newest' ? 'before' : 'after'
  let bytes = 0
  let from = query[place]
  for (let lookedAt = 0; lookedAt < MAX_LOOKED_AT; lookedAt += chunk) {
    const rows = await reader.readLogEvents({
      ...query,
      ...(isNarrow ? { containing: pattern.containing } : {}),
      ...(from === undefined ? {} : { [place]: from }),
      limit: chunk,
    })
    const fits = withinMs(MATCH_MS, () => rows.map(({ message }) => pattern.matches(message)))
    for (const [index, row] of rows.entries()) {
      if (fits[index]) {
        bytes += Buffer.byteLength(row.message)
        if (events.length === query.limit || (events.length > 0 && bytes > MAX_PAGE_BYTES))
          return { events, next: from }
        events.push(row)
      }
      from = row
    }
    if (rows.length < chunk) return { events, next: undefined }
  }
  return { events, next: from }
}
