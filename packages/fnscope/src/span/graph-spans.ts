// The few columns of spans that the service graph is derived from, many traces at once, and the nodes that they name.
// Times are nanoseconds from `baseNanos` on: whole numbers in doubles, exact for 104 days to both sides.
import { NO_SPAN_ID } from './id.ts'
import { SPAN_FLAG } from './span-batch.ts'
import type { Span } from './span.ts'

/** A node of the service graph: one per distinct (name, type, account). Type '' when unknown. */
export interface NodeKey {
  readonly name: string
  readonly type: string
  readonly accountId: string
}

/** The type of the node that stands for whoever calls a root: it has edges and no statistics of its own. */
export const CLIENT_TYPE = 'client'

/** Node keys as numbers, counted from 0. */
export class NodeTable {
  readonly keys: NodeKey[] = []
  readonly #byText = new Map<string, number>()
  readonly #clients: (number | undefined)[] = []

  idOf(name: string, type: string, accountId: string): number {
    const text = `${name}\0${type}\0${accountId}`
    let id = this.#byText.get(text)
    if (id === undefined) {
      id = this.keys.length
      this.keys.push({ name, type, accountId })
      this.#byText.set(text, id)
    }
    return id
  }

  /** The node of whoever calls this one from outside. */
  clientOf(id: number): number {
    return (this.#clients[id] ??= this.idOf(this.keys[id]!.name, CLIENT_TYPE, ''))
  }
}

/** Bits of `GraphSpans.flags`: SPAN_FLAG's error, fault, throttle and segment, and these. */
export const GRAPH_FLAG = {
  ...SPAN_FLAG,
  /** In progress. */
  open: 256,
  /** `peer` says what it calls. */
  peer: 512,
  /** A call out of the process by X-Ray's namespace: aws or remote. */
  outward: 1024,
  /** Its id may stand for two spans that differ in kind. */
  zipkin: 2048,
} as const

export class GraphSpans {
  readonly baseNanos: bigint
  readonly nodes: NodeTable
  rows = 0
  /** 16 bytes a row as four words in the machine's order; the ids of spans and parents two words. */
  trace = new Uint32Array(0)
  span = new Uint32Array(0)
  /** Zeros when there is none. */
  parent = new Uint32Array(0)
  start = new Float64Array(0)
  /** May be before the start; means nothing where `open`. */
  duration = new Float64Array(0)
  received = new Float64Array(0)
  kind = new Uint8Array(0)
  flags = new Uint16Array(0)
  /** Of segments. */
  node = new Uint32Array(0)
  /** Where `peer` is set. */
  peer = new Uint32Array(0)

  constructor(baseNanos: bigint, nodes = new NodeTable()) {
    this.baseNanos = baseNanos
    this.nodes = nodes
  }

  /** Forgets the rows and keeps the room. */
  clear(): void {
    this.rows = 0
  }

  /** Room for so many rows more. */
  reserve(rows: number): void {
    const needed = this.rows + rows
    if (needed <= this.start.length) return
    const size = Math.max(needed, Math.min(this.start.length * 2, this.start.length + 1_000_000))
    this.trace = copied(this.trace, new Uint32Array(size * 4))
    this.span = copied(this.span, new Uint32Array(size * 2))
    this.parent = copied(this.parent, new Uint32Array(size * 2))
    this.start = copied(this.start, new Float64Array(size))
    this.duration = copied(this.duration, new Float64Array(size))
    this.received = copied(this.received, new Float64Array(size))
    this.kind = copied(this.kind, new Uint8Array(size))
    this.flags = copied(this.flags, new Uint16Array(size))
    this.node = copied(this.node, new Uint32Array(size))
    this.peer = copied(this.peer, new Uint32Array(size))
  }

  pushSpan(span: Span): void {
    this.reserve(this.rows === 0 ? 16 : 1)
    const row = this.rows++
    pushId(this.trace, row * 4, span.traceId)
    pushId(this.span, row * 2, span.spanId)
    pushId(this.parent, row * 2, span.parentId ?? NO_SPAN_ID)
    this.start[row] = Number(span.startNanos - this.baseNanos)
    this.duration[row] = span.endNanos === undefined ? 0 : Number(span.endNanos - span.startNanos)
    this.received[row] = Number(span.receivedNanos - this.baseNanos)
    this.kind[row] = span.kind
    this.flags[row] = flagsOf(span)
    const accountId = span.accountId ?? ''
    if (span.segment) this.node[row] = this.nodes.idOf(span.service || span.name, span.origin ?? '', accountId)
    if (span.peer) this.peer[row] = this.nodes.idOf(span.peer.name, span.peer.type, accountId)
  }
}

function flagsOf(span: Span): number {
  return (
    (span.error ? GRAPH_FLAG.error : 0) |
    (span.fault ? GRAPH_FLAG.fault : 0) |
    (span.throttle ? GRAPH_FLAG.throttle : 0) |
    (span.segment && span.unsampled !== true ? GRAPH_FLAG.segment : 0) |
    (span.endNanos === undefined ? GRAPH_FLAG.open : 0) |
    (span.peer && span.unsampled !== true ? GRAPH_FLAG.peer : 0) |
    (span.namespace === 'aws' || span.namespace === 'remote' ? GRAPH_FLAG.outward : 0) |
    (span.source === 'zipkin' ? GRAPH_FLAG.zipkin : 0)
  )
}

/** Spans whose times are around the first one's. */
export function graphSpansOf(spans: Iterable<Span>, baseNanos?: bigint): GraphSpans {
  let columns: GraphSpans | undefined
  for (const span of spans) (columns ??= new GraphSpans(baseNanos ?? span.startNanos)).pushSpan(span)
  return columns ?? new GraphSpans(baseNanos ?? 0n)
}

function pushId(words: Uint32Array, at: number, hex: string): void {
  const bytes = new Uint8Array(words.buffer, words.byteOffset + at * 4, hex.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16)
}

function copied<Values extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(
  from: Values,
  into: Values,
): Values {
  into.set(from)
  return into
}
