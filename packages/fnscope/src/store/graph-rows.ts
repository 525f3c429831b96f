// Rows of `graph` as columns, both ways: written period by period under a version, read as the job left them.
import { DictionaryColumn } from '../span/dictionary-column.ts'
import { FixedColumn } from '../span/fixed-column.ts'
import { ListColumn } from '../span/nested-columns.ts'
import { GRAPH_ROW, type GraphRows } from '../span/graph-rows.ts'
import type { NodeTable } from '../span/graph-spans.ts'
import type { Connection } from './connection.ts'
import { fixedColumn, nestedColumn, wordColumn, type NativeBlock, type WordValues } from './native-read.ts'
import { encodeNative, type NamedColumn } from './native.ts'
import type { PeriodGraph, Reach, StoredPeriod } from './store.ts'

const WORD = 'LowCardinality(String)'
const WORDS = ['from_name', 'from_type', 'from_account', 'name', 'type', 'account'] as const

/** Periods of which one question asks; a question's text is bounded. */
const PERIODS_A_QUESTION = 500

/** See Writer.replacePeriods. */
export async function replacePeriods(connection: Connection, periods: readonly PeriodGraph[]): Promise<void> {
  if (periods.length === 0) return
  const rows = periods.reduce((sum, { graph }) => sum + graph.size, 0)
  if (rows > 0) await insert(connection, 'graph', rows, encodeRows(periods))
  const numbers = (width: number, push: (column: FixedColumn, period: PeriodGraph) => void): FixedColumn => {
    const column = new FixedColumn(width)
    for (const period of periods) push(column, period)
    return column
  }
  await insert(connection, 'graph_periods', periods.length, [
    { name: 'seconds', type: 'UInt16', column: numbers(2, (c, { seconds }) => c.pushU16(seconds)) },
    { name: 'start_nanos', type: 'Int64', column: numbers(8, (c, { startNanos }) => c.pushI64(startNanos)) },
    { name: 'version', type: 'Int64', column: numbers(8, (c, { version }) => c.pushI64(version)) },
    { name: 'spans', type: 'UInt64', column: numbers(8, (c, { spans }) => c.pushU64(spans)) },
    { name: 'marks', type: 'UInt64', column: numbers(8, (c, { marks }) => c.pushU64(marks)) },
  ])
}

/** See Writer.noteReach. */
export async function noteReach(
  connection: Connection,
  reaching: readonly Reach[],
  marked: readonly bigint[],
): Promise<void> {
  const reach = reaching.flatMap(({ traceId, spans, slices }) => slices.map((slice) => ({ traceId, spans, slice })))
  const [slices, ids, counts] = [new FixedColumn(8), new FixedColumn(16), new FixedColumn(8)]
  for (const { traceId, spans, slice } of reach) {
    slices.pushI64(slice)
    ids.pushHex(traceId)
    counts.pushU64(spans)
  }
  await insert(connection, 'graph_reach', reach.length, [
    { name: 'slice_nanos', type: 'Int64', column: slices },
    { name: 'trace_id', type: 'FixedString(16)', column: ids },
    { name: 'spans', type: 'UInt64', column: counts },
  ])
  const [touched, spans, marks] = [new FixedColumn(8), new FixedColumn(8), new FixedColumn(8)]
  for (const slice of marked) {
    touched.pushI64(slice)
    spans.pushU64(0)
    marks.pushU64(1)
  }
  await insert(connection, 'graph_touched', marked.length, [
    { name: 'cell_nanos', type: 'Int64', column: touched },
    { name: 'spans', type: 'UInt64', column: spans },
    { name: 'marks', type: 'UInt64', column: marks },
  ])
}

async function insert(
  connection: Connection,
  table: string,
  rows: number,
  columns: readonly NamedColumn[],
): Promise<void> {
  if (rows === 0) return
  const names = columns.map(({ name }) => name).join(', ')
  // Two equal inserts are two: nothing is retried under a token here.
  const settings = { async_insert: 0, insert_deduplicate: 0 }
  const body = encodeNative(rows, columns)
  await connection.send(`INSERT INTO ${connection.database}.${table} (${names}) FORMAT Native`, settings, [body])
}

function encodeRows(periods: readonly PeriodGraph[]): NamedColumn[] {
  const seconds = new FixedColumn(2)
  const bits = new FixedColumn(1)
  const [start, version, ok, error, throttle, fault, micros, first, last] = Array.from(
    { length: 9 },
    () => new FixedColumn(8),
  ) as [
    FixedColumn,
    FixedColumn,
    FixedColumn,
    FixedColumn,
    FixedColumn,
    FixedColumn,
    FixedColumn,
    FixedColumn,
    FixedColumn,
  ]
  const words = WORDS.map(() => new DictionaryColumn())
  const codes = new ListColumn(new FixedColumn(2))
  const counts = new ListColumn(new FixedColumn(4))
  for (const { graph, ...period } of periods) {
    const fromWords = new WordIndexes(graph.nodes, words.slice(0, 3))
    const toWords = new WordIndexes(graph.nodes, words.slice(3))
    for (let row = 0; row < graph.size; row++) {
      const isNode = (graph.bits[row]! & GRAPH_ROW.node) !== 0
      seconds.pushU16(period.seconds)
      start.pushI64(period.startNanos)
      version.pushI64(period.version)
      bits.pushU8(graph.bits[row]!)
      const from = isNode ? NO_WORDS : fromWords.of(graph.from[row]!)
      const to = toWords.of(graph.to[row]!)
      for (let i = 0; i < 3; i++) {
        words[i]!.pushIndex(from[i]!)
        words[i + 3]!.pushIndex(to[i]!)
      }
      ok.pushU64(graph.ok[row]!)
      error.pushU64(graph.error[row]!)
      throttle.pushU64(graph.throttle[row]!)
      fault.pushU64(graph.fault[row]!)
      micros.pushI64(BigInt(graph.micros[row]!))
      first.pushI64(graph.baseNanos + BigInt(graph.first[row]!))
      last.pushI64(graph.baseNanos + BigInt(graph.last[row]!))
      for (let i = row === 0 ? 0 : graph.ends[row - 1]!; i < graph.ends[row]!; i++) {
        codes.items.pushU16(graph.codes[i]!)
        counts.items.pushU32(Math.min(0xffffffff, graph.counts[i]!))
      }
      codes.endRow()
      counts.endRow()
    }
  }
  return [
    { name: 'seconds', type: 'UInt16', column: seconds },
    { name: 'start_nanos', type: 'Int64', column: start },
    { name: 'version', type: 'Int64', column: version },
    { name: 'bits', type: 'UInt8', column: bits },
    ...WORDS.map((name, i) => ({ name, type: WORD, column: words[i]! })),
    { name: 'ok', type: 'UInt64', column: ok },
    { name: 'error', type: 'UInt64', column: error },
    { name: 'throttle', type: 'UInt64', column: throttle },
    { name: 'fault', type: 'UInt64', column: fault },
    { name: 'micros', type: 'Int64', column: micros },
    { name: 'first_nanos', type: 'Int64', column: first },
    { name: 'last_nanos', type: 'Int64', column: last },
    { name: 'codes', type: 'Array(UInt16)', column: codes },
    { name: 'counts', type: 'Array(UInt32)', column: counts },
  ]
}

const NO_WORDS = [0, 0, 0]

/** The three words of each node in the dictionaries of three columns, looked up once. */
class WordIndexes {
  readonly #nodes: NodeTable
  readonly #columns: readonly DictionaryColumn[]
  readonly #known: (readonly number[] | undefined)[] = []

  constructor(nodes: NodeTable, columns: readonly DictionaryColumn[]) {
    this.#nodes = nodes
    this.#columns = columns
  }

  of(node: number): readonly number[] {
    const known = this.#known[node]
    if (known !== undefined) return known
    const { name, type, accountId } = this.#nodes.keys[node]!
    return (this.#known[node] = [name, type, accountId].map((word, i) => this.#columns[i]!.indexOf(word)))
  }
}

/** See Reader.readGraph. */
export async function readGraph(
  connection: Connection,
  periods: readonly StoredPeriod[],
  nodes: NodeTable,
): Promise<Map<StoredPeriod, GraphRows[]>> {
  const found = new Map(periods.map((period): [StoredPeriod, GraphRows[]] => [period, []]))
  for (let from = 0; from < periods.length; from += PERIODS_A_QUESTION) {
    const some = periods.slice(from, from + PERIODS_A_QUESTION)
    const keys = some.map(({ seconds, startNanos, version }) => `(${seconds}, ${startNanos}, ${version})`)
    // FINAL: a row that two calls wrote under one version is one row.
    const blocks = await connection.queryNative(
      `SELECT seconds, start_nanos, version, bits, ${WORDS.join(', ')}, ok, error, throttle, fault, micros, first_nanos, last_nanos, codes, counts
       FROM ${connection.database}.graph FINAL
       WHERE (seconds, start_nanos) IN (${some.map(({ seconds, startNanos }) => `(${seconds}, ${startNanos})`).join(', ')})
         AND (seconds, start_nanos, version) IN (${keys.join(', ')})`,
    )
    const byKey = new Map(some.map((period) => [`${period.seconds} ${period.startNanos}`, period]))
    for (const block of blocks) appendRows(block, nodes, byKey, found)
  }
  return found
}

/** Rows of a block come period by period: each stretch of one is a GraphRows of its own. */
function appendRows(
  block: NativeBlock,
  nodes: NodeTable,
  byKey: ReadonlyMap<string, StoredPeriod>,
  found: Map<StoredPeriod, GraphRows[]>,
): void {
  const seconds = fixedColumn(block, 'seconds')
  const starts = fixedColumn(block, 'start_nanos')
  const ids = new NodeIds(block, nodes)
  for (let from = 0; from < block.rows;) {
    let to = from + 1
    while (to < block.rows && starts.i64(to) === starts.i64(from) && seconds.u16(to) === seconds.u16(from)) to += 1
    const period = byKey.get(`${seconds.u16(from)} ${starts.i64(from)}`)
    if (period) found.get(period)!.push(rowsOf(block, from, to, ids, nodes, period.startNanos))
    from = to
  }
}

class NodeIds {
  readonly #nodes: NodeTable
  readonly #words: readonly WordValues[]
  readonly #known: readonly (number[] | undefined)[][] = [[], []]

  constructor(block: NativeBlock, nodes: NodeTable) {
    this.#nodes = nodes
    this.#words = WORDS.map((name) => wordColumn(block, name))
  }

  /** `side`: 0 the caller, 1 the callee. */
  idOf(side: 0 | 1, row: number): number {
    const [name, type, account] = this.#words.slice(side * 3, side * 3 + 3) as [WordValues, WordValues, WordValues]
    const known = (this.#known[side]![name.indexes[row]!] ??= [])
    const rest = type.indexes[row]! * account.words.length + account.indexes[row]!
    for (let i = 0; i < known.length; i += 2) if (known[i] === rest) return known[i + 1]!
    const id = this.#nodes.idOf(name.text(row), type.text(row), account.text(row))
    known.push(rest, id)
    return id
  }
}

function rowsOf(
  block: NativeBlock,
  from: number,
  to: number,
  ids: NodeIds,
  nodes: NodeTable,
  baseNanos: bigint,
): GraphRows {
  const size = to - from
  const doubles = (name: string): Float64Array => {
    const column = fixedColumn(block, name)
    return Float64Array.from({ length: size }, (_, i) => column.u64Number(from + i))
  }
  const signed = (name: string, base: bigint): Float64Array => {
    const column = fixedColumn(block, name)
    return Float64Array.from({ length: size }, (_, i) => Number(column.i64(from + i) - base))
  }
  const bits = fixedColumn(block, 'bits').bytes.slice(from, to)
  const codes = nestedColumn(block, 'codes')
  const codeItems = codes.parts[0] as ReturnType<typeof fixedColumn>
  const countItems = nestedColumn(block, 'counts').parts[0] as ReturnType<typeof fixedColumn>
  const first = codes.range(from)[0]
  const last = codes.range(to - 1)[1]
  return {
    size,
    baseNanos,
    nodes,
    bits,
    from: Uint32Array.from({ length: size }, (_, i) =>
      (bits[i]! & GRAPH_ROW.node) === 0 ? ids.idOf(0, from + i) : ids.idOf(1, from + i),
    ),
    to: Uint32Array.from({ length: size }, (_, i) => ids.idOf(1, from + i)),
    ok: doubles('ok'),
    error: doubles('error'),
    throttle: doubles('throttle'),
    fault: doubles('fault'),
    micros: signed('micros', 0n),
    first: signed('first_nanos', baseNanos),
    last: signed('last_nanos', baseNanos),
    ends: Uint32Array.from({ length: size }, (_, i) => codes.range(from + i)[1] - first),
    codes: new Uint16Array(new Uint8Array(codeItems.bytes.subarray(first * 2, last * 2)).buffer),
    counts: new Uint32Array(new Uint8Array(countItems.bytes.subarray(first * 4, last * 4)).buffer),
  }
}
