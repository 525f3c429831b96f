import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c, crc64nvme } from './checksums.ts'

// The check values of the CRC catalogue, for the nine digits.
const DIGITS = Buffer.from('123456789')

test('CRC-32C and CRC-64/NVME of the nine digits are those of the catalogue', () => {
  assert.equal(crc32c(DIGITS), 0xe3069283)
  assert.equal(crc64nvme(DIGITS), 0xae8b14860a799888n)
})

test('a checksum of two pieces is that of the whole', () => {
  const [head, tail] = [DIGITS.subarray(0, 4), DIGITS.subarray(4)]
  assert.equal(crc32c(tail, crc32c(head)), crc32c(DIGITS))
  assert.equal(crc64nvme(tail, crc64nvme(head)), crc64nvme(DIGITS))
})
