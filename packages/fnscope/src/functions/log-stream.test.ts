import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogStreamDecoder, MAX_LINE_BYTES, type LogEvent } from './log-stream.ts'

const NOW = 1_795_000_000_000

function frame(type: number, text: string, micros = BigInt(NOW) * 1000n): Buffer {
  const body = Buffer.from(text)
  const header = Buffer.alloc(16)
  header.writeUInt32BE(type, 0)
  header.writeUInt32BE(body.length, 4)
  header.writeBigUInt64BE(micros, 8)
  return Buffer.concat([header, body])
}

function decode(bytes: Buffer, size = bytes.length): LogEvent[] {
  const events: LogEvent[] = []
  const decoder = new LogStreamDecoder(
    (event) => events.push(event),
    () => NOW,
  )
  for (let at = 0; at < bytes.length; at += size) decoder.push(bytes.subarray(at, at + size))
  decoder.flush(true)
  return events
}

const MIXED = Buffer.concat([
  Buffer.from('plain ✓\nhalf '),
  frame(0xa55a0017, 'framed\nof two lines\n'),
  Buffer.from('line\n'),
  frame(0xa55a000e, '{"level":"INFO"}'),
  Buffer.from([0xa5, 0x5a, 0x00, 0x03, 0xff]),
  Buffer.from(' no frame\r\nrest'),
])

test('raw lines and frames come in their order, whatever the pieces they arrive in', () => {
  const expected = [
    ['plain ✓', ''],
    ['framed\nof two lines', 'ERROR'],
    ['half line', ''],
    ['{"level":"INFO"}', 'INFO'],
    ['\ufffdZ\u0000\u0003\ufffd no frame', ''],
    ['rest', ''],
  ]
  for (let size = 1; size <= MIXED.length; size++) {
    assert.deepEqual(
      decode(MIXED, size).map((event) => [event.text, event.level]),
      expected,
      `pieces of ${size}`,
    )
  }
})

test('a frame carries its time in nanoseconds', () => {
  const [event] = decode(frame(0xa55a0003, 'x', BigInt(NOW) * 1000n + 7n))
  assert.equal(event!.timeNanos, BigInt(NOW) * 1_000_000n + 7000n)
})

test('a header with a time far from ours is no frame', () => {
  assert.ok(decode(Buffer.concat([frame(0xa55a0003, 'x', 5n), Buffer.from('\n')]))[0]!.text.endsWith('x'))
})

test('a line over the bound is cut into several', () => {
  const lengths = decode(Buffer.from('y'.repeat(MAX_LINE_BYTES * 2 + 5))).map((event) => event.text.length)
  assert.deepEqual(lengths, [MAX_LINE_BYTES, MAX_LINE_BYTES, 5])
})

test('random bytes never throw, and nothing but line ends is lost', () => {
  let seed = 42
  const next = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648)
  const alphabet = [0xa5, 0x5a, 0x00, 0x03, 0x0a, 0x41]
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(Array.from({ length: 60 }, () => alphabet[(next() >> 8) % alphabet.length]!))
    const letters = decode(bytes, 1 + (next() % 9)).reduce((sum, event) => sum + event.text.split('A').length - 1, 0)
    assert.equal(letters, bytes.filter((byte) => byte === 0x41).length)
  }
})
