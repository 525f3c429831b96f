// What traces add to the service graph: the ONE derivation, used by the job, for what the job has not covered, and for
// the graph of single traces. On columns, because a second brings 150 000 spans; its rules for one trace are those of
// trace-index.ts, span/answered-calls.ts and graph-contribution.ts, and a test holds it to them.
import { GRAPH_FLAG, type GraphSpans } from '../span/graph-spans.ts'
import { GRAPH_ROW } from '../span/graph-rows.ts'
import { FUNCTION_ORIGIN } from './same-call.ts'
import type { GraphSum } from './graph-statistics.ts'
import { groupRows, type TraceGroups } from './graph-traces.ts'
import { CLIENT, CONSUMER, PRODUCER, SERVER } from '../span/span-kind.ts'

/** Rows of a trace up to which parents are looked for one by one. */
const FEW_ROWS = 24
const NONE = -1
const DROPPED = 1
const UNKNOWN = -2

const { open, segment, peer, outward, zipkin } = GRAPH_FLAG

/** Where a contribution goes by its own time, nanoseconds from the spans' base; undefined: it is not asked for. */
export type SumAt = (start: number) => GraphSum | undefined

/** Of which stretch of time all spans are there. */
export interface Sight {
  /** Nanoseconds from the spans' base. */
  readonly until: number
}

/** Scratch for the rows of one trace, in the order of their starts; grows to the largest. */
class Scratch {
  rows = new Uint32Array(0)
  /** Their ids' two words. */
  high = new Uint32Array(0)
  low = new Uint32Array(0)
  parents = new Int32Array(0)
  segments = new Int32Array(0)
  state = new Uint8Array(0)
  answered = new Uint8Array(0)
  path = new Int32Array(0)
  /** Rows by their id: a slot has the last one entered, `chain` the one entered before it. */
  slots = new Int32Array(0)
  chain = new Int32Array(0)
  /** Of a call: the segment last drawn as its answer; of such a segment: the one before it. */
  answers = new Int32Array(0)
  drawn = new Int32Array(0)

  reserve(size: number): void {
    if (size <= this.rows.length) return
    let room = 64
    while (room < size) room *= 2
    this.rows = new Uint32Array(room)
    this.high = new Uint32Array(room)
    this.low = new Uint32Array(room)
    this.parents = new Int32Array(room)
    this.segments = new Int32Array(room)
    this.state = new Uint8Array(room)
    this.answered = new Uint8Array(room)
    this.path = new Int32Array(room)
    this.slots = new Int32Array(Math.max(64, room * 4))
    this.chain = new Int32Array(room)
    this.answers = new Int32Array(room)
    this.drawn = new Int32Array(room)
  }
}

export class Derivation {
  readonly #spans: GraphSpans
  readonly #groups: TraceGroups
  readonly #scratch = new Scratch()
  #resolved = -1
  /** Of the trace at hand. */
  #size = 0
  /** 0 while the trace has few rows. */
  #slotMask = 0
  /** Some span stands before its parent: only then there may be a ring. */
  #childFirst = false

  constructor(spans: GraphSpans) {
    this.#spans = spans
    this.#groups = groupRows(spans)
  }

  /** Rows of trace t, copies and all: rowOrder[starts[t]] until rowOrder[starts[t + 1]]. */
  get groups(): TraceGroups {
    return this.#groups
  }

  /** Adds what the trace contributes. The sums must be of the spans' own table of nodes and base. */
  add(trace: number, sumAt: SumAt): void {
    if (trace !== this.#resolved) this.#resolve(trace)
    this.#contribute(sumAt)
  }

  /**
   * Whether what the trace contributes can be told from the spans in sight. Looks at what is asked for alone: no, when a
   * segment's or a call's chain of parents breaks off before its caller, or a call ends out of sight and nothing in sight
   * answers it.
   */
  isWhole(trace: number, sumAt: SumAt, sight: Sight): boolean {
    this.#resolve(trace)
    return this.#isWhole(sumAt, sight.until)
  }

  #resolve(trace: number): void {
    this.#resolved = trace
    this.#sort(this.#groups.starts[trace]!, this.#groups.starts[trace + 1]!)
    this.#keepNewest()
    this.#findParents()
    if (this.#childFirst) this.#breakCycles()
    this.#foldInvocations()
    this.#findSegments()
    this.#findAnswered()
  }

  /** By start, then id, then kind; then the copy that wins first. Nearly in order as they come. */
  #sort(from: number, to: number): void {
    const size = (this.#size = to - from)
    this.#scratch.reserve(size)
    const { rows } = this.#scratch
    const { rowOrder } = this.#groups
    const { start } = this.#spans
    if (size > 64) {
      rows.set(Array.from(rowOrder.subarray(from, to)).sort((a, b) => this.#compare(a, b)))
      return
    }
    for (let i = 0; i < size; i++) {
      const row = rowOrder[from + i]!
      let at = i
      while (at > 0) {
        const before = rows[at - 1]!
        if (start[before]! < start[row]! || (start[before] === start[row] && this.#compare(row, before) >= 0)) break
        rows[at] = before
        at -= 1
      }
      rows[at] = row
    }
  }

  #compare(a: number, b: number): number {
    const { start, span, kind } = this.#spans
    if (start[a] !== start[b]) return start[a]! - start[b]!
    const high = compareWords(span[a * 2]!, span[b * 2]!)
    if (high !== 0) return high
    return compareWords(span[a * 2 + 1]!, span[b * 2 + 1]!) || kind[a]! - kind[b]!
  }

  /** Of copies of one span a completed one wins over one in progress, then the newest received, then the one that starts first and is longer. */
  #wins(row: number, other: number): boolean {
    const { flags, received, start, duration } = this.#spans
    const inProgress = flags[row]! & open
    if (inProgress !== (flags[other]! & open)) return inProgress === 0
    if (received[row] !== received[other]) return received[row]! > received[other]!
    if (start[row] !== start[other]) return start[row]! < start[other]!
    return duration[row]! > duration[other]!
  }

  #isCopy(a: number, b: number): boolean {
    const { span, flags, kind } = this.#spans
    if (span[a * 2] !== span[b * 2] || span[a * 2 + 1] !== span[b * 2 + 1]) return false
    const shared = flags[a]! & zipkin
    return shared === (flags[b]! & zipkin) && (shared === 0 || kind[a] === kind[b])
  }

  #keepNewest(): void {
    const { rows, state, high, low } = this.#scratch
    const size = this.#size
    this.#indexIds()
    let dropped = false
    for (let i = 1; i < size; i++) {
      for (let j = this.#firstBefore(i); j !== NONE; j = this.#nextBefore(j)) {
        if (high[j] !== high[i] || low[j] !== low[i]) continue
        if (dropped && state[j] === DROPPED) continue
        if (!this.#isCopy(rows[i]!, rows[j]!)) continue
        if (!dropped) state.fill(0, 0, size)
        dropped = true
        state[this.#wins(rows[i]!, rows[j]!) ? j : i] = DROPPED
        break
      }
    }
    if (!dropped) return
    let kept = 0
    for (let i = 0; i < size; i++) if (state[i] !== DROPPED) rows[kept++] = rows[i]!
    this.#size = kept
    this.#indexIds()
  }

  /** Ids beside their rows; those of a large trace by hash as well, each chained to the one before it. */
  #indexIds(): void {
    const { rows, high, low, slots, chain } = this.#scratch
    const { span } = this.#spans
    const size = this.#size
    for (let i = 0; i < size; i++) {
      high[i] = span[rows[i]! * 2]!
      low[i] = span[rows[i]! * 2 + 1]!
    }
    this.#slotMask = 0
    if (size <= FEW_ROWS) return
    let used = 64
    while (used < size * 2) used *= 2
    this.#slotMask = used - 1
    slots.fill(NONE, 0, used)
    for (let i = 0; i < size; i++) {
      const slot = this.#slotOf(high[i]!, low[i]!)
      chain[i] = slots[slot]!
      slots[slot] = i
    }
  }

  #slotOf(high: number, low: number): number {
    const hash = Math.imul(high ^ Math.imul(low, 0x9e3779b1), 0x85ebca6b)
    return (hash ^ (hash >>> 15)) & this.#slotMask
  }

  /** Rows before it that may have the id of row i, backwards. */
  #firstBefore(i: number): number {
    return this.#slotMask === 0 ? i - 1 : this.#scratch.chain[i]!
  }

  #nextBefore(j: number): number {
    return this.#slotMask === 0 ? j - 1 : this.#scratch.chain[j]!
  }

  #findParents(): void {
    const { rows, parents, high, low } = this.#scratch
    const { parent, kind } = this.#spans
    this.#childFirst = false
    for (let i = 0; i < this.#size; i++) {
      const row = rows[i]!
      let found = kind[row] === SERVER ? this.#find(high[i]!, low[i]!, true) : NONE
      if (found === NONE) {
        const parentHigh = parent[row * 2]!
        const parentLow = parent[row * 2 + 1]!
        const none = parentHigh === 0 && parentLow === 0
        if (!none && (parentHigh !== high[i] || parentLow !== low[i])) found = this.#find(parentHigh, parentLow, false)
      }
      parents[i] = found
      if (found > i) this.#childFirst = true
    }
  }

  /** Of the spans with the id: the client's half if that is asked for, else the first segment, else the first. */
  #find(wantedHigh: number, wantedLow: number, clientHalf: boolean): number {
    const { rows, high, low, slots } = this.#scratch
    const { kind, flags } = this.#spans
    let found = NONE
    let foundSegment = false
    const from = this.#slotMask === 0 ? this.#size - 1 : slots[this.#slotOf(wantedHigh, wantedLow)]!
    for (let j = from; j !== NONE; j = this.#nextBefore(j)) {
      if (high[j] !== wantedHigh || low[j] !== wantedLow) continue
      const row = rows[j]!
      if (clientHalf) {
        if (kind[row] === CLIENT) found = j
        continue
      }
      // Backwards: a later find is an earlier row.
      const isSegment = (flags[row]! & segment) !== 0
      if (foundSegment && !isSegment) continue
      found = j
      foundSegment = isSegment
    }
    return found
  }

  /** Of each ring of parents the earliest span, which is the one that stands first, is made its top. */
  #breakCycles(): void {
    const { parents, state } = this.#scratch
    const size = this.#size
    state.fill(0, 0, size)
    for (let i = 0; i < size; i++) {
      let at = i
      while (at !== NONE && state[at] === 0) {
        state[at] = 1
        at = parents[at]!
      }
      let broken = NONE
      if (at !== NONE && state[at] === 1) {
        let top = at
        for (let next = parents[at]!; next !== at; next = parents[next]!) if (next < top) top = next
        broken = parents[top]!
        parents[top] = NONE
      }
      for (let done = i; done !== NONE && state[done] === 1; done = parents[done]!) state[done] = 2
      // What of the ring lay beyond its new top.
      for (let done = broken; done !== NONE && state[done] === 1; done = parents[done]!) state[done] = 2
    }
  }

  /** As foldedInvocations (trace-index.ts) says: an SDK's span of an invocation that the platform has told of is inner. */
  #foldInvocations(): void {
    const { rows, parents } = this.#scratch
    const { flags, node, nodes, kind } = this.#spans
    const isFunction = (row: number): boolean => nodes.keys[node[row]!]!.type === FUNCTION_ORIGIN
    for (let i = 0; i < this.#size; i++) {
      const row = rows[i]!
      if ((flags[row]! & segment) === 0 || parents[i] === NONE || !isFunction(row)) continue
      for (let at = parents[i]!; at !== NONE; at = parents[at]!) {
        const above = rows[at]!
        if ((flags[above]! & segment) !== 0) {
          if (isFunction(above)) flags[row]! &= ~segment
          break
        }
        if ((flags[above]! & peer) !== 0 || kind[above] === CLIENT || kind[above] === PRODUCER) break
      }
    }
  }

  #findSegments(): void {
    const { rows, parents, segments, path } = this.#scratch
    const { flags } = this.#spans
    const size = this.#size
    if (!this.#childFirst) {
      for (let i = 0; i < size; i++) {
        const parent = parents[i]!
        segments[i] = (flags[rows[i]!]! & segment) !== 0 ? i : parent === NONE ? NONE : segments[parent]!
      }
      return
    }
    segments.fill(UNKNOWN, 0, size)
    for (let i = 0; i < size; i++) {
      let length = 0
      let at = i
      while (at !== NONE && segments[at] === UNKNOWN) {
        path[length++] = at
        if ((flags[rows[at]!]! & segment) !== 0) break
        at = parents[at]!
      }
      const found = at === NONE ? NONE : segments[at] === UNKNOWN ? at : segments[at]!
      for (let k = 0; k < length; k++) segments[path[k]!] = found
    }
  }

  #findAnswered(): void {
    const { rows, parents, answered } = this.#scratch
    const { flags } = this.#spans
    answered.fill(0, 0, this.#size)
    for (let i = 0; i < this.#size; i++) {
      if ((flags[rows[i]!]! & (segment | peer)) === 0) continue
      for (let at = parents[i]!; at !== NONE && answered[at] === 0; at = parents[at]!) {
        answered[at] = 1
        if ((flags[rows[at]!]! & segment) !== 0) break
      }
    }
  }

  #isWhole(sumAt: SumAt, until: number): boolean {
    const { rows, parents, answered } = this.#scratch
    const { flags, start, duration, kind, parent } = this.#spans
    for (let i = 0; i < this.#size; i++) {
      const row = rows[i]!
      const has = flags[row]!
      const isCall = this.#isCall(row)
      if (((has & segment) === 0 && !isCall) || sumAt(start[row]!) === undefined) continue
      if (isCall && answered[i] === 0 && start[row]! + duration[row]! >= until) return false
      // Zipkin's two halves share the parent: which of them came cannot be told from it.
      const half = (has & zipkin) !== 0 && kind[row] === SERVER
      if (half && (parents[i] === NONE || !this.#isHalf(row, rows[parents[i]!]!))) return false
      let top = i
      for (let at = parents[i]!; at !== NONE; at = parents[at]!) {
        top = at
        if ((flags[rows[at]!]! & segment) !== 0) break
      }
      const last = rows[top]!
      if (top !== i && (flags[last]! & segment) !== 0) continue
      if (parent[last * 2] !== 0 || parent[last * 2 + 1] !== 0) return false
    }
    return true
  }

  #isHalf(row: number, other: number): boolean {
    const { span, kind } = this.#spans
    return kind[other] === CLIENT && span[row * 2] === span[other * 2] && span[row * 2 + 1] === span[other * 2 + 1]
  }

  #contribute(sumAt: SumAt): void {
    const { rows, parents, segments, answered, answers } = this.#scratch
    const spans = this.#spans
    const { flags, start, duration, kind, node } = spans
    answers.fill(NONE, 0, this.#size)
    for (let i = 0; i < this.#size; i++) {
      const row = rows[i]!
      const has = flags[row]!
      if ((has & open) !== 0 || (has & (segment | peer)) === 0) continue
      const sum = sumAt(start[row]!)
      if ((has & segment) !== 0) {
        const parent = parents[i]!
        const caller = parent === NONE ? NONE : segments[parent]!
        sum?.addNode(node[row]!, caller === NONE ? GRAPH_ROW.root : 0, start[row]!, duration[row]!, has)
        if (caller === NONE)
          sum?.addEdge(spans.nodes.clientOf(node[row]!), node[row]!, false, start[row]!, duration[row]!, has)
        else this.#drawReported(i, parent, node[rows[caller]!]!, sumAt)
      }
      if ((has & peer) !== 0 && answered[i] === 0) {
        const called = spans.peer[row]!
        sum?.addNode(called, GRAPH_ROW.inferred, start[row]!, duration[row]!, has)
        const caller = segments[i]!
        if (caller !== NONE)
          sum?.addEdge(node[rows[caller]!]!, called, kind[row] === PRODUCER, start[row]!, duration[row]!, has)
      }
    }
  }

  // The caller's view where the parent is a call, once a call however many segments answered it; the callee's own where
  // the parent is a segment or the code's own subsegment, whose time is not the call's.
  #drawReported(i: number, parent: number, from: number, sumAt: SumAt): void {
    const { rows, drawn, answers } = this.#scratch
    const { flags, start, duration, kind, node } = this.#spans
    const to = node[rows[i]!]!
    let view = rows[i]!
    if (this.#isCall(rows[parent]!)) {
      view = rows[parent]!
      for (let other = answers[parent]!; other !== NONE; other = drawn[other]!) if (node[rows[other]!] === to) return
      drawn[i] = answers[parent]!
      answers[parent] = i
    }
    const link = kind[rows[i]!] === CONSUMER
    sumAt(start[view]!)?.addEdge(from, to, link, start[view]!, duration[view]!, flags[view]!)
  }

  #isCall(row: number): boolean {
    const { flags, kind } = this.#spans
    const has = flags[row]!
    if ((has & open) !== 0) return false
    if ((has & peer) !== 0 || kind[row] === CLIENT || kind[row] === PRODUCER) return true
    return (has & (segment | outward)) === outward
  }
}

/** Unsigned and by bytes: words of ids are big-endian in memory. */
function compareWords(a: number, b: number): number {
  if (a === b) return 0
  return swapped(a) < swapped(b) ? -1 : 1
}

function swapped(word: number): number {
  return (((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0
}
