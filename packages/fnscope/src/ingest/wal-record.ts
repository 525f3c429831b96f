// The bytes of one segment file of the write-ahead log: a magic line, then records. Pure; the file itself is wal.ts.
//   record: crc32 u32, length u32, payload   (little-endian; the crc covers length and payload)
//   payload kind 1, a batch: kind u8, blocks u16, per block { table length u8, table, rows u32, size u32 }, then the blocks' bytes
//   payload kind 2, a refusal: kind u8, the token that the store refused for good
import { crc32 } from 'node:zlib'

import type { EncodedBlock } from '../store/store.ts'

export const MAGIC = Buffer.from('fnscope-wal-1\n')
const HEAD_BYTES = 8
const KIND_BATCH = 1
const KIND_REFUSAL = 2

export interface SegmentContent {
  readonly blocks: EncodedBlock[]
  /** Tokens whose insert the store refused for good before a crash: a replay must split them the same way. */
  readonly refused: Set<string>
  /** Bytes at the end that make no whole record: what a crash left of an append that nobody was answered for. */
  readonly tornBytes: number
  /** Records in the middle whose checksum is wrong: answered for, and lost. */
  readonly corruptRecords: number
}

/** One record for all blocks of a batch, so that a crash keeps all of them or none. The blocks' bytes are not copied. */
export function encodeBatchRecord(blocks: readonly EncodedBlock[]): Uint8Array[] {
  const tables = blocks.map((block) => Buffer.from(block.table))
  const meta = Buffer.alloc(tables.reduce((size, table) => size + 9 + table.length, HEAD_BYTES + 3))
  let at = HEAD_BYTES
  at = meta.writeUInt8(KIND_BATCH, at)
  at = meta.writeUInt16LE(blocks.length, at)
  for (const [index, block] of blocks.entries()) {
    const table = tables[index]!
    at = meta.writeUInt8(table.length, at)
    at += table.copy(meta, at)
    at = meta.writeUInt32LE(block.rows, at)
    at = meta.writeUInt32LE(block.bytes.length, at)
  }
  return sealed([meta, ...blocks.map((block) => block.bytes)])
}

export function encodeRefusalRecord(token: string): Uint8Array[] {
  const meta = Buffer.alloc(HEAD_BYTES + 1)
  meta.writeUInt8(KIND_REFUSAL, HEAD_BYTES)
  return sealed([meta, Buffer.from(token)])
}

/** Fills in length and checksum of a record whose first part begins with room for them. */
function sealed(parts: [Buffer, ...Uint8Array[]]): Uint8Array[] {
  const [head] = parts
  head.writeUInt32LE(
    parts.reduce((size, part) => size + part.length, -HEAD_BYTES),
    4,
  )
  let crc = crc32(head.subarray(4))
  for (const part of parts.slice(1)) crc = crc32(part, crc)
  head.writeUInt32LE(crc, 0)
  return parts
}

/** Reads what is whole. Undefined when it is no segment file at all; an empty or cut magic line is an empty segment. */
export function decodeSegment(file: Buffer): SegmentContent | undefined {
  const magic = file.subarray(0, MAGIC.length)
  if (!magic.equals(MAGIC.subarray(0, magic.length))) return undefined
  const blocks: EncodedBlock[] = []
  const refused = new Set<string>()
  let corruptRecords = 0
  // Bad records count as torn until a good one follows: only the end of a file is torn by a crash.
  let badRecords = 0
  let goodEnd = magic.length
  let at = magic.length
  while (at + HEAD_BYTES <= file.length) {
    const end = at + HEAD_BYTES + file.readUInt32LE(at + 4)
    if (end > file.length) break
    if (crc32(file.subarray(at + 4, end)) === file.readUInt32LE(at)) {
      readPayload(file.subarray(at + HEAD_BYTES, end), blocks, refused)
      corruptRecords += badRecords
      badRecords = 0
      goodEnd = end
    } else badRecords += 1
    at = end
  }
  return { blocks, refused, tornBytes: file.length - goodEnd, corruptRecords }
}

function readPayload(payload: Buffer, blocks: EncodedBlock[], refused: Set<string>): void {
  if (payload[0] === KIND_REFUSAL) refused.add(payload.toString('utf8', 1))
  if (payload[0] !== KIND_BATCH) return
  const heads: { readonly table: string; readonly rows: number; readonly size: number }[] = []
  let at = 3
  for (let left = payload.readUInt16LE(1); left > 0; left--) {
    const tableEnd = at + 1 + payload.readUInt8(at)
    const table = payload.toString('utf8', at + 1, tableEnd)
    heads.push({ table, rows: payload.readUInt32LE(tableEnd), size: payload.readUInt32LE(tableEnd + 4) })
    at = tableEnd + 8
  }
  for (const { table, rows, size } of heads) {
    blocks.push({ table, rows, bytes: payload.subarray(at, at + size) })
    at += size
  }
}
