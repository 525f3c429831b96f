// Which names the rows of a block have, as sketches (trace-sketch.ts): of spans that are inserted, and of rows that are
// stored already.
import { ROOT_RANK, SPAN_FLAG } from '../span/span-batch.ts'
import { fixedColumn, FixedValues, TextValues, WordValues, type NativeBlock } from './native-read.ts'
import { addName, newSketch, type Sketch, type SketchedName } from './trace-sketch.ts'

/** The sketch of what a row of a block has. */
type BlockSketch = (row: number) => Sketch | undefined

export function sketchesOf(block: NativeBlock): (row: number) => readonly Sketch[] {
  const flags = fixedColumn(block, 'flags')
  const ranks = block.columns.has('root_rank') ? fixedColumn(block, 'root_rank') : undefined
  const ofSegments = [sketchOf(block, 'service', 'service'), sketchOf(block, 'origin', 'type')]
  const ofListed = sketchOf(block, 'http_status', 'status')
  const ofAll = [
    sketchOf(block, 'peer_name', 'peer'),
    sketchOf(block, 'peer_type', 'peerType'),
    sketchOf(block, 'user', 'user'),
  ]
  const found: Sketch[] = []
  const add = (sketch: Sketch | undefined): void => {
    if (sketch !== undefined) found.push(sketch)
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
function sketchOf(block: NativeBlock, column: string, what: SketchedName): BlockSketch {
  const values = block.columns.get(column)
  if (values instanceof WordValues) {
    const sketches = values.words.map((word) => sketchOfName(what, word))
    return (row) => sketches[values.indexes[row]!]
  }
  const known = new Map<string, Sketch | undefined>()
  const of = (name: string): Sketch | undefined => {
    if (name === '') return undefined
    if (!known.has(name)) known.set(name, sketchOfName(what, name))
    return known.get(name)
  }
  if (values instanceof TextValues) return (row) => of(values.text(row))
  if (values instanceof FixedValues) return (row) => of(values.u16(row) === 0 ? '' : String(values.u16(row)))
  return () => undefined
}

function sketchOfName(what: SketchedName, name: string): Sketch | undefined {
  if (name === '') return undefined
  const sketch = newSketch()
  addName(sketch, what, name)
  return sketch
}
