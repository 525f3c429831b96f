// What spans of a trace have, in 512 bits: of a flag the bit itself, of a name four that others may have too. A trace of
// which a bit is missing has no such span; one that has them all may have none.
import { ROOT_RANK, SPAN_FLAG } from '../span/span-batch.ts'

/** Words of a sketch: flags and DETACHED in the first, the others are those of names. */
export const SKETCH_WORDS = 16
export type Sketch = Uint32Array

/** A span with rank detached is there. */
const DETACHED = 2 ** 16
const NAME_BITS = 480
const BITS_OF_A_NAME = 4

/**
 * service and type (X-Ray's origin): of segments. status (HTTP's): of listed spans. peer and peerType, of what is called,
 * and user: of any span.
 */
export type SketchedName = 'service' | 'type' | 'status' | 'peer' | 'peerType' | 'user'

const PREFIXES: Readonly<Record<SketchedName, string>> = {
  service: 's',
  type: 't',
  status: 'c',
  peer: 'p',
  peerType: 'q',
  user: 'u',
}

export function newSketch(): Sketch {
  return new Uint32Array(SKETCH_WORDS)
}

/** The bits of a name: a word of the sketch and the bits in it, by turns. */
export type NameBits = Uint32Array

/** None for the empty name: spans without one have none. */
export function bitsOfName(what: SketchedName, name: string): NameBits {
  if (name === '') return new Uint32Array(0)
  const bits = new Uint32Array(2 * BITS_OF_A_NAME)
  let hash = 0x811c9dc5
  const text = PREFIXES[what] + name
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  for (let bit = 0; bit < BITS_OF_A_NAME; bit++) {
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    hash ^= hash >>> 13
    const at = (hash >>> 0) % NAME_BITS
    bits[2 * bit] = 1 + (at >>> 5)
    bits[2 * bit + 1] = 1 << (at & 31)
  }
  return bits
}

/** @param at where the sketch begins among others */
export function addBits(sketches: Uint32Array, at: number, bits: NameBits): void {
  for (let bit = 0; bit < bits.length; bit += 2) sketches[at + bits[bit]!]! |= bits[bit + 1]!
}

/** SPAN_FLAG and rank of a span, or all flags and the best rank of a trace. */
export function traitsSketched(flags: number, rank: number): number {
  return flags | (rank === ROOT_RANK.detached ? DETACHED : 0)
}

export function addFlag(sketch: Sketch, flag: keyof typeof SPAN_FLAG): void {
  sketch[0]! |= SPAN_FLAG[flag]
}

export function addDetached(sketch: Sketch): void {
  sketch[0]! |= DETACHED
}

export function isEmpty(sketch: Sketch): boolean {
  return sketch.every((word) => word === 0)
}
