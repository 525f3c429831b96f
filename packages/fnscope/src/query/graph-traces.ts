// Rows of GraphSpans sorted into traces: by hashing, because rows come in any order, and in runs of one trace mostly.
import type { GraphSpans } from '../span/graph-spans.ts'

export interface TraceGroups {
  readonly traces: number
  /** Rows of trace t: rowOrder[starts[t]] until rowOrder[starts[t + 1]], in the order in which they came. */
  readonly rowOrder: Uint32Array
  readonly starts: Uint32Array
}

export function groupRows(spans: GraphSpans): TraceGroups {
  const { rows, trace } = spans
  const traceOf = new Uint32Array(rows)
  let slots = new Int32Array(1024).fill(-1)
  // A row of each trace: what a slot's trace is compared with.
  let firstRow = new Uint32Array(512)
  let traces = 0
  let last = -1
  for (let row = 0; row < rows; row++) {
    if (last >= 0 && sameTrace(trace, row, row - 1)) {
      traceOf[row] = last
      continue
    }
    const mask = slots.length - 1
    let slot = hashTrace(trace, row) & mask
    last = slots[slot]!
    while (last >= 0 && !sameTrace(trace, row, firstRow[last]!)) {
      slot = (slot + 1) & mask
      last = slots[slot]!
    }
    if (last < 0) {
      last = traces++
      slots[slot] = last
      firstRow[last] = row
      if (traces * 2 > slots.length) {
        slots = widened(slots.length * 4, trace, firstRow, traces)
        const wider = new Uint32Array(slots.length / 2)
        wider.set(firstRow)
        firstRow = wider
      }
    }
    traceOf[row] = last
  }
  const starts = new Uint32Array(traces + 1)
  for (let row = 0; row < rows; row++) starts[traceOf[row]! + 1]! += 1
  for (let t = 0; t < traces; t++) starts[t + 1]! += starts[t]!
  const next = starts.slice()
  const rowOrder = new Uint32Array(rows)
  for (let row = 0; row < rows; row++) rowOrder[next[traceOf[row]!]!++] = row
  return { traces, rowOrder, starts }
}

function sameTrace(trace: Uint32Array, a: number, b: number): boolean {
  return (
    trace[a * 4] === trace[b * 4] &&
    trace[a * 4 + 1] === trace[b * 4 + 1] &&
    trace[a * 4 + 2] === trace[b * 4 + 2] &&
    trace[a * 4 + 3] === trace[b * 4 + 3]
  )
}

/** The first word of an X-Ray id is its time: all of them must count. */
function hashTrace(trace: Uint32Array, row: number): number {
  let hash = Math.imul(trace[row * 4]! ^ Math.imul(trace[row * 4 + 1]!, 0x9e3779b1), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15) ^ trace[row * 4 + 2]!, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 13) ^ trace[row * 4 + 3]!, 0x27d4eb2f)
  return hash ^ (hash >>> 16)
}

function widened(size: number, trace: Uint32Array, firstRow: Uint32Array, traces: number): Int32Array<ArrayBuffer> {
  const slots = new Int32Array(size).fill(-1)
  for (let t = 0; t < traces; t++) {
    let slot = hashTrace(trace, firstRow[t]!) & (size - 1)
    while (slots[slot]! >= 0) slot = (slot + 1) & (size - 1)
    slots[slot] = t
  }
  return slots
}
