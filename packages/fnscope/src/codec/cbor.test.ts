import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CborError, decodeCbor, encodeCbor } from './cbor.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

test('values in the spellings of the RFC are read', () => {
  const cases: readonly (readonly [bytes: string, value: unknown])[] = [
    ['00', 0],
    ['1818', 24],
    ['1a000f4240', 1_000_000],
    ['1bffffffffffffffff', 0xffff_ffff_ffff_ffffn],
    ['20', -1],
    ['3903e7', -1000],
    ['3bffffffffffffffff', -0x1_0000_0000_0000_0000n],
    ['f93c00', 1],
    ['f97e00', Number.NaN],
    ['fa47c35000', 100_000],
    ['fb3ff199999999999a', 1.1],
    ['fbc010666666666666', -4.1],
    ['f4', false],
    ['f5', true],
    ['f6', null],
    ['f7', null],
    ['63e6b0b4', '水'],
    ['7f657374726561646d696e67ff', 'streaming'],
    ['4401020304', new Uint8Array([1, 2, 3, 4])],
    ['83010203', [1, 2, 3]],
    ['9f0102ff', [1, 2]],
    ['a26161016162820203', { a: 1, b: [2, 3] }],
    ['bf6161f5ff', { a: true }],
    ['c11a514b67b0', 1_363_896_240],
    ['c1fb41d452d9ec200000', 1_363_896_240.5],
    ['a1695f5f70726f746f5f5f01', JSON.parse('{"__proto__":1}')],
  ]
  for (const [bytes, value] of cases) assert.deepEqual(decodeCbor(hex(bytes)), value, bytes)
})

test('what was encoded is read back', () => {
  const value = {
    text: 'é 🎉',
    list: [0, 23, 24, 255, 256, 65_536, 2 ** 32, -1, -25, 2 ** 53 - 1],
    doubles: [0.1, -1e300, Number.POSITIVE_INFINITY],
    big: 2n ** 60n,
    nested: { yes: true, no: false, nothing: null },
  }
  assert.deepEqual(decodeCbor(encodeCbor({ ...value, left: undefined })), value)
  assert.equal(decodeCbor(encodeCbor(new Date(1_500))), 1.5)
})

test('bytes that are no value of ours are refused, whatever they claim', () => {
  const bad = [
    '',
    '18',
    '1c',
    '62c328',
    '61',
    '7f61ff',
    '7f4161ff',
    '81',
    '9f01',
    'a1',
    'a10101',
    'bf6161ff',
    'c074',
    'c1f5',
    'c249010000000000000000',
    'd9d9f700',
    'e0',
    'f818',
    'ff',
    '0000',
    '9bffffffffffffffff00',
    '5bffffffffffffffff00',
    'bb00000001000000006161',
    '81'.repeat(5000),
    'a16161'.repeat(5000),
    '9f'.repeat(5000),
    'c1'.repeat(5000),
  ]
  for (const bytes of bad) assert.throws(() => decodeCbor(hex(bytes)), CborError, bytes.slice(0, 40))
})

test('a request cut anywhere, and random bytes, are read or refused, never more', () => {
  const whole = encodeCbor({ Namespace: 'N', MetricData: [{ MetricName: 'm', Value: 1.5, Timestamp: new Date(0) }] })
  for (let end = 0; end < whole.length; end++) assert.throws(() => decodeCbor(whole.subarray(0, end)), CborError)
  let seed = 7
  const next = (): number => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff)
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(whole)
    for (let change = next() % 4; change >= 0; change--) bytes[next() % bytes.length] = next() & 255
    try {
      decodeCbor(bytes)
    } catch (error) {
      assert.ok(error instanceof CborError, String(error))
    }
  }
})
