// Which names the rows of a block have, as bits of a sketch (trace-sketch.ts): of spans that are inserted, and of rows that are
// stored already.
import { ROOT_RANK, SPAN_FLAG } from '../span/span-batch.ts'
import { fixedColumn, FixedValues, TextValues, WordValues, type NativeBlock } from './native-read.ts'
import { bitsOfName, type NameBits, type SketchedName } from './trace-sketch.ts'

/** The bits of what a row of a block has. */
type BlockBits = (row: number) => NameBits | undefined

export function nameBitsOf(block: NativeBlock): (row: number) => readonly NameBits[] {
  const flags = fixedColumn(block, 'flags')
  const ranks = block.columns.has('root_rank') ? fixedColumn(block, 'root_rank') : undefined
  const ofSegments = [columnBits(block, 'service', 'service'), columnBits(block, 'origin', 'type')]
  const ofListed = columnBits(block, 'http_status', 'status')
  const ofAll = [
    columnBits(block, 'peer_name', 'peer'),
    columnBits(block, 'peer_type', 'peerType'),
    columnBits(block, 'user', 'user'),
  ]
  const found: NameBits[] = []
  const add = (bits: NameBits | undefined): void => {
    if (bits !== undefined) found.push(bits)
  }
  return (row) => {
    found.length = 0
    if ((flags.u16(row) & SPAN_FLAG.segment) !== 0) for (const of of ofSegments) add(of(row))
    if (ranks !== undefined && ranks.u8(row) !== ROOT_RANK.inner) add(ofListed(row))
    for (const of of ofAll) add(of(row))
    return found
  }
}

/** Nothing of a column that is not there. */
function columnBits(block: NativeBlock, column: string, what: SketchedName): BlockBits {
  const values = block.columns.get(column)
  const known = new Map<string, NameBits | undefined>()
  const of = (name: string): NameBits | undefined => {
    if (name === '') return undefined
    if (!known.has(name)) known.set(name, bitsOfName(what, name))
    return known.get(name)
  }
  if (values instanceof WordValues) {
    const bits = values.words.map(of)
    return (row) => bits[values.indexes[row]!]
  }
  if (values instanceof TextValues) return (row) => of(values.text(row))
  if (values instanceof FixedValues) return (row) => of(values.u16(row) === 0 ? '' : String(values.u16(row)))
  return () => undefined
}
