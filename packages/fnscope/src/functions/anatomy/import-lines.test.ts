import assert from 'node:assert/strict'
import test from 'node:test'
import { ImportLines } from './import-lines.ts'

const HEADER = 'import time: self [us] | cumulative | imported package\n'
const line = (self: number, cumulative: number, name: string): string =>
  `import time: ${String(self).padStart(9)} | ${String(cumulative).padStart(10)} | ${name}\n`

/** What is left of the text, given in pieces of so many bytes. */
function left(text: string, size = text.length || 1): { readonly text: string; readonly lines: ImportLines } {
  const lines = new ImportLines(() => 0n)
  const bytes = Buffer.from(text)
  const kept: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) kept.push(lines.push(bytes.subarray(at, at + size)))
  kept.push(lines.flush())
  return { text: Buffer.concat(kept).toString(), lines }
}

const MIXED =
  HEADER +
  line(10, 10, '  inner') +
  'own line\n' +
  line(5, 15, 'outer') +
  'half' +
  line(1, 1, 'between') +
  ' a line\nend'

for (const size of [1, 2, 7, 13, 64, 10_000])
  test(`in pieces of ${size} bytes, imports are taken out and all else is left, an interrupted line too`, () => {
    const { text, lines } = left(MIXED, size)
    assert.equal(text, 'own line\nhalf a line\nend')
    assert.deepEqual(
      lines.take().map(({ name, depth, selfMicros, cumulativeMicros }) => [name, depth, selfMicros, cumulativeMicros]),
      [
        ['inner', 1, 10, 10],
        ['outer', 0, 5, 15],
        ['between', 0, 1, 1],
      ],
    )
    assert.deepEqual(lines.take(), [])
  })

test('lines that merely resemble them are left', () => {
  const text = 'import time: it is late\nimport time\nimport time: 1 | x | y\nimport tim'
  assert.equal(left(text, 5).text, text)
  const long = `import time: ${'x'.repeat(10_000)}\n`
  assert.equal(left(long, 100).text, long)
})

test('bytes that are no text pass as they are', () => {
  const lines = new ImportLines(() => 0n)
  const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x0a, 0xa5, 0x5a, 0x00, 0x03])
  assert.deepEqual(lines.push(bytes), bytes)
})

test("a program that the function starts has its lines taken out and not counted as the function's", () => {
  const { text, lines } = left(HEADER + line(1, 1, 'own') + HEADER + line(1, 1, 'others') + 'said\n')
  assert.equal(text, 'said\n')
  assert.deepEqual(
    lines.take().map(({ name }) => name),
    ['own'],
  )
})
