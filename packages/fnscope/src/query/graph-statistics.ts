// Sums what spans contribute, and stored rows, into nodes and edges. Adding is commutative to the last bit: times are
// summed in whole microseconds, so that a graph does not depend on the order or on who computed its parts.
import { GRAPH_FLAG, NodeTable, type NodeKey } from '../span/graph-spans.ts'
import { GRAPH_ROW, type GraphRows } from '../span/graph-rows.ts'
import { codeOf, HistogramSum, type Histogram } from './histogram.ts'

/** Counts of one node or edge over some time. Each call is in one class: fault before throttle before error. */
export interface GraphStatistics {
  readonly ok: number
  readonly error: number
  readonly throttle: number
  readonly fault: number
  readonly totalSeconds: number
  readonly firstNanos: bigint
  readonly lastNanos: bigint
  readonly histogram: Histogram
}

export interface NodeLatency extends GraphStatistics {
  readonly node: NodeKey
  /** The node has a root segment among those counted. */
  readonly root: boolean
  /** Nothing of it reported: known from its callers alone. */
  readonly inferred: boolean
}

export interface Edge extends GraphStatistics {
  readonly from: NodeKey
  readonly to: NodeKey
  /** 'link' for asynchronous ones, '' else. */
  readonly edgeType: string
}

const MOST_PENDING = 65_536

/** Numbers of a row, beside each other: one line of the processor's cache. */
const STRIDE = 8
const [OK, ERROR, THROTTLE, FAULT, MICROS, FIRST, LAST] = [0, 1, 2, 3, 4, 5, 6]

export class GraphSum {
  /** What all times in it count from. */
  readonly baseNanos: bigint
  readonly table: NodeTable
  #size = 0
  /** Of a node's own row both are the node. */
  #from = new Uint32Array(64)
  #to = new Uint32Array(64)
  #bits = new Uint8Array(64)
  #numbers = new Float64Array(64 * STRIDE)
  readonly #histograms: HistogramSum[] = []
  /** Times counted and not yet in their histograms: rows and codes. */
  #pendingRows = new Uint32Array(256)
  #pendingCodes = new Uint16Array(256)
  #pending = 0
  /** Open addressing by nodes and type: row + 1, 0 where a slot is free. */
  #slots = new Int32Array(256)

  constructor(baseNanos: bigint, table = new NodeTable()) {
    this.baseNanos = baseNanos
    this.table = table
  }

  /** `bits` of GRAPH_ROW: root and inferred. Times in nanoseconds; `flags` say the outcome. */
  addNode(node: number, bits: number, start: number, duration: number, flags: number): void {
    this.#count(this.#nodeRow(node, bits), start, duration, flags)
  }

  addEdge(from: number, to: number, link: boolean, start: number, duration: number, flags: number): void {
    this.#count(this.#rowOf(from, to, link ? GRAPH_ROW.link : 0), start, duration, flags)
  }

  #count(row: number, start: number, duration: number, flags: number): void {
    const numbers = this.#numbers
    const at = row * STRIDE
    const { fault, throttle, error } = GRAPH_FLAG
    const outcome =
      (flags & fault) !== 0 ? FAULT : (flags & throttle) !== 0 ? THROTTLE : (flags & error) !== 0 ? ERROR : OK
    numbers[at + outcome]! += 1
    numbers[at + MICROS]! += Math.round(duration / 1000)
    if (start < numbers[at + FIRST]!) numbers[at + FIRST] = start
    if (start > numbers[at + LAST]!) numbers[at + LAST] = start
    if (this.#pending === this.#pendingRows.length) this.#settle()
    this.#pendingRows[this.#pending] = row
    this.#pendingCodes[this.#pending++] = codeOf(duration)
  }

  /**
   * Puts what is pending into the histograms, row by row: as the times come they would be counted all over some
   * megabytes, at a miss of the processor's cache each.
   */
  #settle(): void {
    const [rows, codes, pending] = [this.#pendingRows, this.#pendingCodes, this.#pending]
    const ends = new Uint32Array(this.#size + 1)
    for (let i = 0; i < pending; i++) ends[rows[i]! + 1]! += 1
    for (let row = 0; row < this.#size; row++) ends[row + 1]! += ends[row]!
    const sorted = new Uint16Array(pending)
    for (let i = 0; i < pending; i++) sorted[ends[rows[i]!]!++] = codes[i]!
    let from = 0
    for (let row = 0; row < this.#size; row++) {
      if (ends[row]! > from) this.#histograms[row]!.addCodes(sorted, from, ends[row]!)
      from = ends[row]!
    }
    this.#pending = 0
    if (pending === rows.length && pending < MOST_PENDING) {
      this.#pendingRows = new Uint32Array(pending * 4)
      this.#pendingCodes = new Uint16Array(pending * 4)
    }
  }

  /** Adds stored rows; they may be of another table of nodes and count time from elsewhere. */
  addRows(rows: GraphRows): void {
    const shift = Number(rows.baseNanos - this.baseNanos)
    const ids = rows.nodes === this.table ? undefined : this.#idsOf(rows.nodes)
    for (let i = 0; i < rows.size; i++) {
      const bits = rows.bits[i]!
      const to = ids === undefined ? rows.to[i]! : ids[rows.to[i]!]!
      const isNode = (bits & GRAPH_ROW.node) !== 0
      const from = isNode ? to : ids === undefined ? rows.from[i]! : ids[rows.from[i]!]!
      const row = isNode ? this.#nodeRow(to, bits) : this.#rowOf(from, to, bits & GRAPH_ROW.link)
      const numbers = this.#numbers
      const at = row * STRIDE
      numbers[at + OK]! += rows.ok[i]!
      numbers[at + ERROR]! += rows.error[i]!
      numbers[at + THROTTLE]! += rows.throttle[i]!
      numbers[at + FAULT]! += rows.fault[i]!
      numbers[at + MICROS]! += rows.micros[i]!
      const first = rows.first[i]! + shift
      const last = rows.last[i]! + shift
      if (first < numbers[at + FIRST]!) numbers[at + FIRST] = first
      if (last > numbers[at + LAST]!) numbers[at + LAST] = last
      this.#histograms[row]!.addRange(rows.codes, rows.counts, i === 0 ? 0 : rows.ends[i - 1]!, rows.ends[i]!)
    }
  }

  nodes(): NodeLatency[] {
    const rows = this.rows()
    return rowsWhere(rows, true).map((row) => nodeOfRow(rows, row))
  }

  edges(): Edge[] {
    const rows = this.rows()
    return rowsWhere(rows, false).map((row) => edgeOfRow(rows, row))
  }

  /** All of it as rows that can be stored; they share nothing with the sum but the table of nodes. */
  rows(): GraphRows {
    if (this.#pending > 0) this.#settle()
    const size = this.#size
    const ends = new Uint32Array(size)
    let room = 0
    for (const histogram of this.#histograms) room += histogram.room
    const codes = new Uint16Array(room)
    const counts = new Float64Array(room)
    let total = 0
    for (let row = 0; row < size; row++) ends[row] = total = this.#histograms[row]!.readInto(codes, counts, total)
    const numbers = (which: number): Float64Array => {
      const column = new Float64Array(size)
      for (let row = 0; row < size; row++) column[row] = this.#numbers[row * STRIDE + which]!
      return column
    }
    return {
      size,
      baseNanos: this.baseNanos,
      nodes: this.table,
      bits: this.#bits.slice(0, size),
      from: this.#from.slice(0, size),
      to: this.#to.slice(0, size),
      ok: numbers(OK),
      error: numbers(ERROR),
      throttle: numbers(THROTTLE),
      fault: numbers(FAULT),
      micros: numbers(MICROS),
      first: numbers(FIRST),
      last: numbers(LAST),
      ends,
      // Mostly about as long as the room; a copy of a part would be as large.
      codes: codes.subarray(0, total),
      counts: counts.subarray(0, total),
    }
  }

  #nodeRow(node: number, bits: number): number {
    const before = this.#size
    const row = this.#rowOf(node, node, GRAPH_ROW.node)
    if (row === before) this.#bits[row] = bits | GRAPH_ROW.node
    // Once a root, a root; inferred only while everything is.
    else this.#bits[row] = (this.#bits[row]! | (bits & GRAPH_ROW.root)) & (bits | ~GRAPH_ROW.inferred)
    return row
  }

  /** `kind`: the node's bit, the link's, or none. */
  #rowOf(from: number, to: number, kind: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = hashOf(from, to, kind) & mask
    for (let found = slots[slot]!; found !== 0; found = slots[slot]!) {
      const row = found - 1
      if (this.#from[row] === from && this.#to[row] === to && (this.#bits[row]! & KIND) === kind) return row
      slot = (slot + 1) & mask
    }
    const row = this.#size
    if (row === this.#from.length) {
      this.#grow()
      return this.#rowOf(from, to, kind)
    }
    this.#size += 1
    slots[slot] = row + 1
    this.#from[row] = from
    this.#to[row] = to
    this.#bits[row] = kind
    this.#numbers[row * STRIDE + FIRST] = Number.POSITIVE_INFINITY
    this.#numbers[row * STRIDE + LAST] = Number.NEGATIVE_INFINITY
    this.#histograms.push(new HistogramSum())
    return row
  }

  #grow(): void {
    const room = this.#from.length * 4
    const [from, to, bits, numbers] = [this.#from, this.#to, this.#bits, this.#numbers]
    this.#from = new Uint32Array(room)
    this.#to = new Uint32Array(room)
    this.#bits = new Uint8Array(room)
    this.#numbers = new Float64Array(room * STRIDE)
    this.#from.set(from)
    this.#to.set(to)
    this.#bits.set(bits)
    this.#numbers.set(numbers)
    const slots = (this.#slots = new Int32Array(room * 4))
    for (let row = 0; row < from.length; row++) {
      let slot = hashOf(from[row]!, to[row]!, bits[row]! & KIND) & (slots.length - 1)
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1)
      slots[slot] = row + 1
    }
  }

  #idsOf(nodes: NodeTable): Uint32Array {
    return Uint32Array.from(nodes.keys, (key) => this.table.idOf(key.name, key.type, key.accountId))
  }
}

/** Of a row that is a node's own. */
export function nodeOfRow(rows: GraphRows, row: number): NodeLatency {
  const bits = rows.bits[row]!
  return {
    ...statisticsOfRow(rows, row),
    node: rows.nodes.keys[rows.to[row]!]!,
    root: (bits & GRAPH_ROW.root) !== 0,
    inferred: (bits & GRAPH_ROW.inferred) !== 0,
  }
}

/** Of a row that is an edge's. */
export function edgeOfRow(rows: GraphRows, row: number): Edge {
  return {
    ...statisticsOfRow(rows, row),
    from: rows.nodes.keys[rows.from[row]!]!,
    to: rows.nodes.keys[rows.to[row]!]!,
    edgeType: (rows.bits[row]! & GRAPH_ROW.link) === 0 ? '' : 'link',
  }
}

function rowsWhere({ size, bits }: GraphRows, isNode: boolean): number[] {
  return Array.from({ length: size }, (_, row) => row).filter((row) => ((bits[row]! & GRAPH_ROW.node) !== 0) === isNode)
}

function statisticsOfRow(rows: GraphRows, row: number): GraphStatistics {
  const [from, to] = [row === 0 ? 0 : rows.ends[row - 1]!, rows.ends[row]!]
  return {
    ok: rows.ok[row]!,
    error: rows.error[row]!,
    throttle: rows.throttle[row]!,
    fault: rows.fault[row]!,
    totalSeconds: rows.micros[row]! / 1e6,
    firstNanos: rows.baseNanos + BigInt(rows.first[row]!),
    lastNanos: rows.baseNanos + BigInt(rows.last[row]!),
    histogram: {
      codes: rows.codes.subarray(from, to),
      counts: rows.counts.subarray(from, to),
    },
  }
}

/** The bits that tell rows between the same nodes apart. */
const KIND = GRAPH_ROW.node | GRAPH_ROW.link

function hashOf(from: number, to: number, kind: number): number {
  const hash = Math.imul(Math.imul(from, 0x9e3779b1) ^ (to * 16 + kind), 0x85ebca6b)
  return hash ^ (hash >>> 15)
}

/** A text that two node keys share exactly when they are equal. */
export function nodeKeyText(node: NodeKey): string {
  return `${node.name}\0${node.type}\0${node.accountId}`
}
