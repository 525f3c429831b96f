// The two checksums of S3 that Node does not have: CRC-32C (Castagnoli) and CRC-64/NVME, both reflected.

const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value >>> 0
})

export function crc32c(chunk: Uint8Array, before = 0): number {
  let value = ~before >>> 0
  for (const byte of chunk) value = (CRC32C_TABLE[(value ^ byte) & 0xff]! ^ (value >>> 8)) >>> 0
  return ~value >>> 0
}

// As two halves of 32 bits: a loop over bigints would cost a second per megabyte or two.
const CRC64_HIGH = new Uint32Array(256)
const CRC64_LOW = new Uint32Array(256)
for (let byte = 0; byte < 256; byte++) {
  let value = BigInt(byte)
  for (let bit = 0; bit < 8; bit++) value = (value & 1n) === 1n ? (value >> 1n) ^ 0x9a6c9329ac4bc9b5n : value >> 1n
  CRC64_HIGH[byte] = Number(value >> 32n)
  CRC64_LOW[byte] = Number(value & 0xffff_ffffn)
}

export function crc64nvme(chunk: Uint8Array, before = 0n): bigint {
  const start = ~before & 0xffff_ffff_ffff_ffffn
  let high = Number(start >> 32n)
  let low = Number(start & 0xffff_ffffn)
  for (const byte of chunk) {
    const at = (low ^ byte) & 0xff
    low = (((low >>> 8) | (high << 24)) ^ CRC64_LOW[at]!) >>> 0
    high = ((high >>> 8) ^ CRC64_HIGH[at]!) >>> 0
  }
  return ~((BigInt(high) << 32n) | BigInt(low)) & 0xffff_ffff_ffff_ffffn
}
