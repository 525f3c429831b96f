// Thrift written in both protocols, from a table of values: for tests, and for the samples that are sent to our own doors.
// Slow, and shares nothing with the readers.

export type ThriftValue =
  | { readonly bool: boolean }
  | { readonly byte: number }
  | { readonly i16: number }
  | { readonly i32: number }
  | { readonly i64: bigint }
  | { readonly double: number }
  | { readonly text: string | Uint8Array }
  | { readonly struct: ThriftStruct }
  | { readonly list: readonly ThriftValue[] }
  | { readonly set: readonly ThriftValue[] }
  | { readonly map: readonly (readonly [ThriftValue, ThriftValue])[] }

/** By field number. */
export type ThriftStruct = Readonly<Record<number, ThriftValue | undefined>>

type Kind = 'bool' | 'byte' | 'i16' | 'i32' | 'i64' | 'double' | 'text' | 'struct' | 'list' | 'set' | 'map'

const BINARY: Readonly<Record<Kind, number>> = {
  bool: 2, byte: 3, double: 4, i16: 6, i32: 8, i64: 10, text: 11, struct: 12, map: 13, set: 14, list: 15,
} // prettier-ignore
const COMPACT: Readonly<Record<Kind, number>> = {
  bool: 1, byte: 3, i16: 4, i32: 5, i64: 6, double: 7, text: 8, list: 9, set: 10, map: 11, struct: 12,
} // prettier-ignore

function kindOf(value: ThriftValue): Kind {
  return Object.keys(value)[0] as Kind
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text) : text
}

function fixed(size: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(size)
  write(buffer)
  return buffer
}

const int32 = (value: number): Buffer => fixed(4, (buffer) => buffer.writeInt32BE(value))

function elementKind(items: readonly ThriftValue[]): Kind {
  return items[0] === undefined ? 'struct' : kindOf(items[0])
}

function binaryValue(value: ThriftValue): Buffer {
  if ('bool' in value) return Buffer.of(value.bool ? 1 : 0)
  if ('byte' in value) return Buffer.of(value.byte & 0xff)
  if ('i16' in value) return fixed(2, (buffer) => buffer.writeInt16BE(value.i16))
  if ('i32' in value) return int32(value.i32)
  if ('i64' in value) return fixed(8, (buffer) => buffer.writeBigInt64BE(BigInt.asIntN(64, value.i64)))
  if ('double' in value) return fixed(8, (buffer) => buffer.writeDoubleBE(value.double))
  if ('text' in value) return Buffer.concat([int32(bytesOf(value.text).length), bytesOf(value.text)])
  if ('struct' in value) return writeBinary(value.struct)
  if ('map' in value) {
    const [key, item] = value.map[0] ?? [{ bool: true }, { bool: true }]
    const head = [Buffer.of(BINARY[kindOf(key)], BINARY[kindOf(item)]), int32(value.map.length)]
    return Buffer.concat([...head, ...value.map.flat().map(binaryValue)])
  }
  const items = 'list' in value ? value.list : value.set
  return Buffer.concat([Buffer.of(BINARY[elementKind(items)]), int32(items.length), ...items.map(binaryValue)])
}

/** A struct in the binary protocol. */
export function writeBinary(struct: ThriftStruct): Buffer {
  const parts: Buffer[] = []
  for (const [number, value] of Object.entries(struct)) {
    if (value === undefined) continue
    const head = fixed(3, (buffer) => buffer.writeInt16BE(Number(number), 1))
    head[0] = BINARY[kindOf(value)]
    parts.push(head, binaryValue(value))
  }
  return Buffer.concat([...parts, Buffer.of(0)])
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}

function zigzag(value: bigint): Buffer {
  const signed = BigInt.asIntN(64, value)
  return varint((signed << 1n) ^ (signed >> 63n))
}

function compactValue(value: ThriftValue): Buffer {
  if ('bool' in value) return Buffer.of(value.bool ? 1 : 2)
  if ('byte' in value) return Buffer.of(value.byte & 0xff)
  if ('i16' in value) return zigzag(BigInt(value.i16))
  if ('i32' in value) return zigzag(BigInt(value.i32))
  if ('i64' in value) return zigzag(value.i64)
  if ('double' in value) return fixed(8, (buffer) => buffer.writeDoubleLE(value.double))
  if ('text' in value) return Buffer.concat([varint(BigInt(bytesOf(value.text).length)), bytesOf(value.text)])
  if ('struct' in value) return writeCompact(value.struct)
  if ('map' in value) {
    const first = value.map[0]
    if (first === undefined) return Buffer.of(0)
    const types = (COMPACT[kindOf(first[0])] << 4) | COMPACT[kindOf(first[1])]
    return Buffer.concat([varint(BigInt(value.map.length)), Buffer.of(types), ...value.map.flat().map(compactValue)])
  }
  const items = 'list' in value ? value.list : value.set
  const type = COMPACT[elementKind(items)]
  const head =
    items.length < 15
      ? Buffer.of((items.length << 4) | type)
      : Buffer.concat([Buffer.of(0xf0 | type), varint(BigInt(items.length))])
  return Buffer.concat([head, ...items.map(compactValue)])
}

/** A struct in the compact protocol. */
export function writeCompact(struct: ThriftStruct): Buffer {
  const parts: Buffer[] = []
  let before = 0
  for (const [key, value] of Object.entries(struct)) {
    if (value === undefined) continue
    const number = Number(key)
    const isBool = 'bool' in value
    const type = isBool ? (value.bool ? 1 : 2) : COMPACT[kindOf(value)]
    const distance = number - before
    parts.push(
      distance > 0 && distance <= 15
        ? Buffer.of((distance << 4) | type)
        : Buffer.concat([Buffer.of(type), zigzag(BigInt(number))]),
    )
    if (!isBool) parts.push(compactValue(value))
    before = number
  }
  return Buffer.concat([...parts, Buffer.of(0)])
}

/** A message of the binary protocol with that struct as its arguments. @param type 4: nobody answers */
export function binaryMessage(name: string, struct: ThriftStruct, type = 4): Buffer {
  const head = [Buffer.of(0x80, 1, 0, type), int32(name.length), Buffer.from(name), int32(1)]
  return Buffer.concat([...head, writeBinary(struct)])
}

/** The same in the compact protocol. */
export function compactMessage(name: string, struct: ThriftStruct, type = 4): Buffer {
  const head = [Buffer.of(0x82, (type << 5) | 1), varint(300n), varint(BigInt(name.length)), Buffer.from(name)]
  return Buffer.concat([...head, writeCompact(struct)])
}
