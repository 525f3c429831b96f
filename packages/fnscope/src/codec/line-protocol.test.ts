import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatLine } from './point-format.ts'
import { parsePrecision, GUESSED } from './point-time.ts'
import type { Point } from './point.ts'
import { decodeLineProtocol } from './line-protocol.ts'

interface Read {
  readonly points: readonly Point[]
  readonly refused: readonly string[]
}

function read(text: string, precision = ''): Read {
  const points: Point[] = []
  const refused: string[] = []
  const sink = {
    take: (point: Point) => void points.push(point),
    refuse: (_reason: string, detail: string) => void refused.push(detail),
  }
  decodeLineProtocol(Buffer.from(text), sink, parsePrecision(precision)!)
  return { points, refused }
}

/** The only point of the text, its values by their keys. */
function one(text: string, precision = ''): { name: string; tags: object; fields: object; time: bigint | undefined } {
  const { points, refused } = read(text, precision)
  assert.deepEqual([points.length, refused], [1, []], text)
  const { name, tags, fields, timeNanos } = points[0]!
  return {
    name,
    tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    fields: Object.fromEntries(fields.map(({ key, kind, value }) => [key, [kind, value]])),
    time: timeNanos,
  }
}

test('every kind of value is read exactly', () => {
  const { fields } = one(
    'm i=-9223372036854775808i,u=18446744073709551615u,f=-1.5e-3,g=7,h=.5,t=T,n=FALSE,s="a \\"b\\" \\\\ c\nd",e="" 1',
    'n',
  )
  assert.deepEqual(fields, {
    i: ['i', -(2n ** 63n)],
    u: ['u', 2n ** 64n - 1n],
    f: ['f', -0.0015],
    g: ['f', 7],
    h: ['f', 0.5],
    t: ['b', true],
    n: ['b', false],
    s: ['s', 'a "b" \\ c\nd'],
    e: ['s', ''],
  })
})

test('names and tags are escaped as the grammar says, and nothing else is an escape', () => {
  const { name, tags, fields } = one(
    'my\\ m\\,x\\=y\\n,a\\ b\\=c=d\\,e\\ f\\=g\\h,t=ü\\\\,z fi\\ eld\\,k\\=x="v\\n\\,"',
  )
  assert.equal(name, 'my m,x\\=y\\n')
  assert.deepEqual(tags, { 'a b=c': 'd,e f=g\\h', t: 'ü\\,z' })
  assert.deepEqual(fields, { 'fi eld,k=x': ['s', 'v\\n\\,'] })
})

test('comments, blank lines, carriage returns and more blanks than needed do no harm', () => {
  const { points, refused } = read('# a comment, with=signs\n\n  m a=1   5\r\n\tn,t=x  b=2i\r\n#\nlast c=t 7 \n')
  assert.deepEqual(refused, [])
  assert.deepEqual(
    points.map(({ name, fields, timeNanos }) => [name, fields.length, timeNanos]),
    [
      ['m', 1, 5_000_000_000n],
      ['n', 1, undefined],
      ['last', 1, 7_000_000_000n],
    ],
  )
})

test('a time is in the unit that is named, or in the one that its size says', () => {
  for (const [precision, nanos] of [
    ['n', 1n],
    ['u', 1000n],
    ['ms', 1_000_000n],
    ['s', 1_000_000_000n],
    ['m', 60_000_000_000n],
    ['h', 3_600_000_000_000n],
  ] as const)
    assert.equal(one('m a=1 29920800', precision).time, 29_920_800n * nanos, precision)
  for (const digits of ['1795248000', '1795248000000', '1795248000000000', '1795248000000000000'])
    assert.equal(one(`m a=1 ${digits}`).time, 1_795_248_000_000_000_000n, digits)
  assert.equal(parsePrecision('w'), undefined)
  assert.equal(parsePrecision('toString'), undefined)
  assert.equal(parsePrecision(''), GUESSED)
})

test('a line that is no point is refused alone, and said why', () => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['m', /no field/],
    ['m,t=1', /no field/],
    [',t=1 a=1', /no measurement/],
    ['m,t a=1', /tag/],
    ['m,t= a=1', /tag without a value/],
    ['m,=v a=1', /tag/],
    ['m,t=a=b a=1', /no field|tag/],
    ['m a', /field/],
    ['m a=', /value/],
    ['m =1', /field/],
    ['m a=1,', /field/],
    ['m a=1,,b=2', /field/],
    ['m a=9223372036854775808i', /whole number/],
    ['m a=-1u', /whole number/],
    ['m a=1.5i', /whole number/],
    ['m a=NaN', /value/],
    ['m a=1e999', /value/],
    ['m a=yes', /value/],
    ['m a="x"y', /closing quote/],
    ['m a="x', /closing quote/],
    ['m a=1 x', /time/],
    ['m a=1 1.5', /time/],
    ['m a=1 1 2', /behind the time/],
    ['m a=1 99999999999999999999', /time/],
  ]
  for (const [line, why] of bad) {
    const { points, refused } = read(`good a=1 1\n${line}\n`)
    assert.equal(points.length, 1, line)
    assert.match(refused.join(), why, line)
  }
  const { points, refused } = read('a f=1\nm a=\nb f=2\nm a=yes\nc f=3')
  assert.deepEqual([points.map(({ name }) => name).join(''), refused.length], ['abc', 2])
})

test('what is written as a line reads as the same point', () => {
  const texts = ['plain', 'with space', 'a,b', 'k=v', 'quo"te', 'ü – 漢', 'x=1, y="z"']
  for (const text of texts) {
    const point: Point = {
      name: text,
      tags: [{ key: text, value: text }],
      fields: [
        { key: text, kind: 's', value: `${text}\\ \n"`, metric: '', unit: '' },
        { key: 'i', kind: 'i', value: -5n, metric: '', unit: '' },
        { key: 'f', kind: 'f', value: 0.1, metric: '', unit: '' },
      ],
      timeNanos: 1_795_248_000_123_456_789n,
    }
    assert.deepEqual(read(formatLine(point), 'n'), { points: [point], refused: [] })
  }
})

test('invalid UTF-8 and any cut of a body are read without harm', () => {
  const body = Buffer.from('m,t=é f="漢字",g=1i 1795248000\nn a="x\\"y" 2\n')
  for (let end = 0; end <= body.length; end++) {
    const { points } = read(body.subarray(0, end).toString('latin1'))
    assert.ok(points.length <= 2)
    decodeLineProtocol(body.subarray(0, end), { take: () => {}, refuse: () => {} }, GUESSED)
  }
})
