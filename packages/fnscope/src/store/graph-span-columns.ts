// Native blocks of `spans` and `open_spans` into GraphSpans: ids copied whole, times made relative, and the words that a
// node is made of looked up once per combination and block. The SELECT list that goes with it.
import { GRAPH_FLAG, type GraphSpans, type NodeTable } from '../span/graph-spans.ts'
import { fixedColumn, wordColumn, type FixedValues, type NativeBlock, type WordValues } from './native-read.ts'

export const GRAPH_SPAN_COLUMNS =
  'trace_id, ids, start_nanos, duration_nanos, kind, flags, source, service, name, origin, account_id, namespace, peer_name, peer_type, received_nanos'

const { error, fault, throttle, segment, unsampled, open, peer, outward, zipkin } = GRAPH_FLAG
const KEPT_FLAGS = error | fault | throttle | segment

const TWO_32 = 2 ** 32

/** Appends the block's rows. `inProgress`: they come from open_spans. */
export function appendGraphSpans(block: NativeBlock, into: GraphSpans, inProgress: boolean): void {
  const { rows } = block
  into.reserve(rows)
  const at = into.rows
  copyBytes(fixedColumn(block, 'trace_id'), into.trace, at * 4)
  splitIds(aligned32(fixedColumn(block, 'ids').bytes), into, at)
  relativeTimes(fixedColumn(block, 'start_nanos'), rows, into.baseNanos, into.start, at)
  relativeTimes(fixedColumn(block, 'duration_nanos'), rows, 0n, into.duration, at)
  relativeTimes(fixedColumn(block, 'received_nanos'), rows, into.baseNanos, into.received, at)
  into.kind.set(fixedColumn(block, 'kind').bytes, at)
  const flagWords = aligned16(fixedColumn(block, 'flags').bytes)
  const outwardWords = flagsOfWords(wordColumn(block, 'namespace'), (word) => word === 'aws' || word === 'remote')
  const zipkinWords = flagsOfWords(wordColumn(block, 'source'), (word) => word === 'zipkin')
  const namespaces = wordColumn(block, 'namespace').indexes
  const sources = wordColumn(block, 'source').indexes
  const [service, name] = [wordColumn(block, 'service'), wordColumn(block, 'name')]
  const [origin, account] = [wordColumn(block, 'origin'), wordColumn(block, 'account_id')]
  const [peerName, peerType] = [wordColumn(block, 'peer_name'), wordColumn(block, 'peer_type')]
  const noService = service.words.indexOf('')
  const noPeerName = peerName.words.indexOf('')
  const noPeerType = peerType.words.indexOf('')
  const services = new NodeLookup(into.nodes, service, origin, account)
  const names = new NodeLookup(into.nodes, name, origin, account)
  const peers = new NodeLookup(into.nodes, peerName, peerType, account)
  for (let row = 0; row < rows; row++) {
    let flags = flagWords[row]! & KEPT_FLAGS
    // Is there, for what hangs below it, and counts nowhere.
    const isCounted = (flagWords[row]! & unsampled) === 0
    if (!isCounted) flags &= ~segment
    if (inProgress) flags |= open
    if (outwardWords[namespaces[row]!] === 1) flags |= outward
    if (zipkinWords[sources[row]!] === 1) flags |= zipkin
    if ((flags & segment) !== 0) into.node[at + row] = (service.indexes[row] === noService ? names : services).idOf(row)
    if (isCounted && (peerName.indexes[row] !== noPeerName || peerType.indexes[row] !== noPeerType)) {
      flags |= peer
      into.peer[at + row] = peers.idOf(row)
    }
    into.flags[at + row] = flags
  }
  into.rows += rows
}

/** Node numbers by three words of a block, each combination looked up once. */
class NodeLookup {
  readonly #nodes: NodeTable
  readonly #name: WordValues
  readonly #type: WordValues
  readonly #account: WordValues
  /** By the first word: type and account (as one number) and the node, one after the other. */
  readonly #known: (number[] | undefined)[] = []

  constructor(nodes: NodeTable, name: WordValues, type: WordValues, account: WordValues) {
    this.#nodes = nodes
    this.#name = name
    this.#type = type
    this.#account = account
  }

  idOf(row: number): number {
    const known = (this.#known[this.#name.indexes[row]!] ??= [])
    const rest = this.#type.indexes[row]! * this.#account.words.length + this.#account.indexes[row]!
    for (let i = 0; i < known.length; i += 2) if (known[i] === rest) return known[i + 1]!
    const id = this.#nodes.idOf(this.#name.text(row), this.#type.text(row), this.#account.text(row))
    known.push(rest, id)
    return id
  }
}

function flagsOfWords(column: WordValues, has: (word: string) => boolean): Uint8Array {
  return Uint8Array.from(column.words, (word) => (has(word) ? 1 : 0))
}

function copyBytes(from: FixedValues, into: Uint32Array, at: number): void {
  new Uint8Array(into.buffer, into.byteOffset).set(from.bytes, at * 4)
}

/** Of each row the span's id, then its parent's. */
function splitIds(words: Uint32Array, { span, parent }: GraphSpans, at: number): void {
  for (let i = 0, to = at * 2; i < words.length; i += 4, to += 2) {
    span[to] = words[i]!
    span[to + 1] = words[i + 1]!
    parent[to] = words[i + 2]!
    parent[to + 1] = words[i + 3]!
  }
}

function aligned32(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(new Uint8Array(bytes).buffer)
}

function aligned16(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(new Uint8Array(bytes).buffer)
}

/** 64-bit integers minus the base; negative ones in two's complement. */
function relativeTimes(column: FixedValues, rows: number, baseNanos: bigint, into: Float64Array, at: number): void {
  const words = aligned32(column.bytes)
  const baseHigh = Number(BigInt.asIntN(32, baseNanos >> 32n))
  const baseLow = Number(BigInt.asUintN(32, baseNanos))
  for (let row = 0; row < rows; row++) {
    into[at + row] = ((words[row * 2 + 1]! | 0) - baseHigh) * TWO_32 + (words[row * 2]! - baseLow)
  }
}
