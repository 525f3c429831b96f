// How many items go into one event: as many as the mapping says, and never more than an event may hold. Pure.

/** 6 MB less the event's own frame. */
export const MAX_BATCH_BYTES = 6 * 1024 * 1024 - 1024

/** As JSON in the event, with a comma. */
export function sizeOf(record: unknown): number {
  return Buffer.byteLength(JSON.stringify(record)) + 1
}

/** The first of the items; at least one, for what is too large alone gets no smaller by waiting. */
export function batchOf<Item extends { readonly bytes: number }>(
  items: readonly Item[],
  most: number,
): readonly Item[] {
  let bytes = 0
  const end = items.findIndex((item, index) => {
    bytes += item.bytes
    return index >= most || (index > 0 && bytes > MAX_BATCH_BYTES)
  })
  return end < 0 ? items : items.slice(0, end)
}
