// Any value as MessagePack, in the shortest form or in the longest: for tests, and for the samples that are sent to our own
// doors.
import { MsgpackWriter } from './msgpack-writer.ts'

/** Numbers that are whole become integers; wrap one in `Real` for a float. */
export class Real {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}

export function pack(value: unknown, to = new MsgpackWriter()): Uint8Array {
  if (value === null || value === undefined) to.nil()
  else if (typeof value === 'string') to.string(value)
  else if (typeof value === 'boolean') to.boolean(value)
  else if (typeof value === 'bigint') to.integer(value)
  else if (typeof value === 'number') {
    if (Number.isInteger(value)) to.integer(BigInt(value))
    else to.double(value)
  } else if (value instanceof Real) to.double(value.value)
  else if (value instanceof Uint8Array) to.binary(value)
  else if (value instanceof Map || !Array.isArray(value)) {
    const entries = value instanceof Map ? [...value] : Object.entries(value)
    to.map(entries.length)
    for (const [key, item] of entries) {
      pack(key, to)
      pack(item, to)
    }
  } else {
    to.array(value.length)
    for (const item of value) pack(item, to)
  }
  return to.bytes
}
