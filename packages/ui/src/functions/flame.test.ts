import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsoleColdStartPart } from '../../../fnscope/src/api/console-types.ts'
import { flameBars, placeIn, stepFrom, wholeView } from './flame.ts'

const part = (
  name: string,
  offsetMs: number,
  ms: number,
  children: readonly ConsoleColdStartPart[] = [],
): ConsoleColdStartPart => ({ name, offsetMs, ms, selfMs: ms, children })

const PARTS = [
  part('function', 100, 100, [part('boto3', 150, 40, [part('botocore', 160, 0.05)]), part('json', 110, 20)]),
  part('runtime', 0, 100),
]
const bars = flameBars(PARTS)

test('parts stand in order of time, what lies in one behind it and a line lower', () => {
  assert.deepEqual(
    bars.map(({ part: { name }, depth, parent }) => [name, depth, parent]),
    [
      ['runtime', 0, -1],
      ['function', 0, -1],
      ['json', 1, 1],
      ['boto3', 1, 1],
      ['botocore', 2, 3],
    ],
  )
})

test('places are shares of what is shown; what cannot be seen has none', () => {
  const whole = wholeView(bars)
  assert.deepEqual(whole, { fromMs: 0, ms: 200 })
  assert.deepEqual(placeIn(bars[3]!, whole), { left: 75, width: 20 })
  assert.equal(placeIn(bars[4]!, whole), undefined)
  const zoomed = { fromMs: 150, ms: 40 }
  assert.deepEqual(placeIn(bars[3]!, zoomed), { left: 0, width: 100 })
  assert.equal(placeIn(bars[0]!, zoomed), undefined)
})

test('arrows go to what is around, and stay where there is nothing', () => {
  const walk = (from: number, ...keys: readonly string[]): string | undefined =>
    bars[keys.reduce((at, key) => stepFrom(bars, at, key) ?? at, from)]?.part.name
  assert.equal(walk(-1, 'ArrowRight'), 'runtime')
  assert.equal(walk(0, 'ArrowRight', 'ArrowDown', 'ArrowRight', 'ArrowDown'), 'botocore')
  assert.equal(walk(4, 'ArrowDown'), 'botocore')
  assert.equal(walk(4, 'ArrowUp', 'ArrowUp', 'ArrowUp'), 'function')
  assert.equal(walk(0, 'End', 'Home', 'ArrowLeft'), 'runtime')
  assert.equal(stepFrom(bars, 0, 'x'), undefined)
})
