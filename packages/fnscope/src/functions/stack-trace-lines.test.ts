import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineCollector } from './line-collector.ts'

const WHEN = { duringInit: undefined, requestId: 'r' }

function collect(lines: readonly string[], pauseNanos = 1_000n): string[] {
  let now = 0n
  const collector = new LineCollector(() => (now += pauseNanos))
  for (const text of lines) collector.add({ text, level: '', timeNanos: undefined }, WHEN)
  return collector.take().lines.map(({ text }) => text)
}

const PYTHON = [
  'Traceback (most recent call last):',
  '  File "a.py", line 3, in f',
  '    g()',
  '    ^^^',
  'ValueError: bad',
]
const NODE = ['Error: bad', '    at f (/var/task/a.js:3:1)', '    at async g (/var/task/a.js:9:1)']
const JAVA = ['java.lang.Error: bad', '\tat a.B.c(B.java:3)', 'Caused by: x', '\tat a.D.e(D.java:4)', '\t... 3 more']

test('a stack trace that was printed line by line is one line of the log', () => {
  for (const trace of [PYTHON, NODE, JAVA])
    assert.deepEqual(collect(['before', ...trace, 'after']), ['before', trace.join('\n'), 'after'])
  assert.deepEqual(collect([...PYTHON, '', ...PYTHON]), [PYTHON.join('\n'), '', PYTHON.join('\n')])
})

test('other lines stay single, indented ones too', () => {
  for (const lines of [
    ['a', '  b', '\tc'],
    ['{', '  "a": 1', '}'],
    ['first', 'second'],
  ])
    assert.deepEqual(collect(lines), lines)
})

test('lines with a pause between them are not one', () => {
  assert.deepEqual(collect(NODE, 1_000_000_000n), NODE)
})

test("a record of the runtime's own ends a trace, and a carriage return stays inside of its record", () => {
  const collector = new LineCollector(() => 1n)
  const framed = '[ERROR] ValueError: bad\rTraceback (most recent call last):\r  File "a.py"'
  collector.add({ text: 'Traceback (most recent call last):', level: '', timeNanos: undefined }, WHEN)
  collector.add({ text: framed, level: 'ERROR', timeNanos: 1n }, WHEN)
  collector.add({ text: '  File "b.py"', level: '', timeNanos: undefined }, { ...WHEN, requestId: 'other' })
  assert.equal(collector.take().lines.length, 3)
})
