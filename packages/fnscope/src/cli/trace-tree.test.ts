import assert from 'node:assert/strict'
import { stripVTControlCharacters } from 'node:util'
import { test } from 'node:test'
import type { ConsoleSpan, ConsoleTrace } from '../api/console-types.ts'
import { displayWidth } from './display-width.ts'
import { createPainter, type Painter } from './terminal.ts'
import { drawTrace } from './trace-tree.ts'

const PIPE = createPainter({}, {})
const START = Date.UTC(2026, 0, 2, 3, 4, 5)

function span(name: string, from: number, durationMs: number, more: Partial<ConsoleSpan> = {}): ConsoleSpan {
  return {
    id: name,
    name,
    service: 'shop',
    source: 'xray',
    segment: false,
    startMs: START + from,
    durationMs,
    inProgress: false,
    error: false,
    fault: false,
    throttle: false,
    coldStart: false,
    annotations: {},
    attributes: {},
    children: [],
    ...more,
  }
}

function trace(roots: readonly ConsoleSpan[], spanCount = 1): ConsoleTrace {
  return { id: '1-63dd2166-434a12c22e1307ff2114f299', startMs: START, durationMs: 1000, spanCount, roots }
}

function draw(roots: readonly ConsoleSpan[], painter: Painter = PIPE): string[] {
  return drawTrace(trace(roots), painter).slice(1)
}

test('a child that began before its parent is drawn whole', () => {
  const init = span('Initialization', 0, 750)
  const lines = draw([span('shop', 750, 250, { segment: true, origin: 'AWS::Lambda::Function', children: [init] })])
  assert.deepEqual(lines, [
    `   250 ms  ${' '.repeat(21)}${'█'.repeat(7)}  shop (AWS::Lambda::Function)`,
    `   750 ms  ${'█'.repeat(21)}${' '.repeat(7)}  └─ Initialization`,
  ])
})

test('the branches join what belongs together', () => {
  const inner = span('b', 0, 5, { children: [span('c', 0, 1)] })
  const lines = draw([span('a', 0, 10, { children: [inner, span('d', 5, 5)] })])
  assert.deepEqual(
    lines.map((line) => line.slice(41)),
    ['a', '├─ b', '│  └─ c', '└─ d'],
  )
})

test('errors, status, exception and annotations stand behind the name', () => {
  const [line] = draw([
    span('pay', 0, 10, {
      fault: true,
      http: { status: 502 },
      exception: 'ValueError: bad',
      annotations: { tier: 'gold', retries: 2, ok: false },
    }),
  ])
  assert.match(line!, /pay \[HTTP: 502\] {2}✗ fault {2}ValueError: bad {2}tier=gold {2}retries=2 {2}ok=false$/)
})

test('what has not ended says so and shows no duration', () => {
  const [line] = draw([span('work', 0, 0, { inProgress: true })])
  assert.match(line!, /^ {8}… {2}.*work {2}… in progress$/)
})

test('a trace without any duration, and one without spans, are drawn', () => {
  assert.match(draw([span('instant', 0, 0)])[0]!, /^ {5}0 ms {2}▏ {27} {2}instant$/)
  assert.equal(drawTrace(trace([], 0), PIPE).length, 1)
})

test('no line is wider than the terminal, whatever names and annotations hold', () => {
  let deep = span('最深的函数 👩‍👩‍👧', 0, 1, { annotations: { long: 'x'.repeat(300) }, fault: true })
  for (let depth = 0; depth < 40; depth++)
    deep = span(`层 ${depth} ${'名'.repeat(depth)}`, 0, 100, { children: [deep] })
  for (const columns of [20, 40, 80, 120]) {
    const painter = createPainter({ isTTY: true, columns }, {})
    for (const line of drawTrace(trace([deep], 41), painter)) {
      const width = displayWidth(stripVTControlCharacters(line))
      assert.ok(width <= columns, `${width} of ${columns}: ${line}`)
    }
  }
})

test('in a pipe nothing is cut', () => {
  const [line] = draw([span('n'.repeat(500), 0, 1)])
  assert.ok(line!.endsWith('n'.repeat(500)))
})

test('names cannot move the cursor or start a line of their own', () => {
  const [line] = draw([span('a\x1b[2Jb\nc', 0, 1, { annotations: { 'k\r': '\x9bx' } })])
  assert.match(line!, /a␛\[2Jb␊c {2}k␍=�x$/)
})

test('a trace of ten thousand levels is drawn', () => {
  let deep = span('leaf', 0, 1)
  for (let depth = 0; depth < 10_000; depth++) deep = span('level', 0, 1, { children: [deep] })
  assert.equal(draw([deep]).length, 10_001)
})
