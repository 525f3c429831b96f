// A snappy block that holds its bytes as one literal: any compressor could have written it. For tests of what is within.

export function snappyBlock(plain: Uint8Array): Uint8Array {
  const size = plain.length
  if (size === 0) return Uint8Array.of(0)
  const last = size - 1
  const announced = [(size & 127) | 128, ((size >> 7) & 127) | 128, ((size >> 14) & 127) | 128, size >> 21]
  const literal = [63 << 2, last & 255, (last >> 8) & 255, (last >> 16) & 255, last >>> 24]
  const block = new Uint8Array(announced.length + literal.length + size)
  block.set([...announced, ...literal])
  block.set(plain, announced.length + literal.length)
  return block
}
