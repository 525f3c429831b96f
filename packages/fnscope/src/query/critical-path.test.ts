import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { completeSpan, type Span } from '../span/span.ts'
import { criticalPath } from './critical-path.ts'
import { indexTrace } from './trace-index.ts'

/** `a` from 0 to 100: `['a', undefined, 0, 100]`. */
type Drawn = readonly [name: string, parent: string | undefined, start: number, end: number]

const idOf = (name: string): string => Buffer.from(name.padEnd(8, '.')).toString('hex')

function spansOf(drawn: readonly Drawn[]): Span[] {
  return drawn.map(([name, parent, start, end]) =>
    completeSpan({
      traceId: '5759e988bd862e3fe1be46a994272793',
      spanId: idOf(name),
      ...(parent === undefined ? {} : { parentId: idOf(parent) }),
      name,
      service: name,
      source: 'otlp',
      startNanos: BigInt(start),
      endNanos: BigInt(end),
      receivedNanos: 0n,
    }),
  )
}

function pathOf(drawn: readonly Drawn[]): string {
  const index = indexTrace(spansOf(drawn))
  const last = drawn.reduce((end, [, , , to]) => Math.max(end, to), 0)
  return criticalPath(index, BigInt(last))
    .map(({ span, startNanos, endNanos }) => `${span.name} ${startNanos}-${endNanos}`)
    .join(', ')
}

test('calls one after the other are all on the path, with what lies between', () => {
  const path = pathOf([
    ['a', undefined, 0, 100],
    ['b', 'a', 10, 40],
    ['c', 'a', 50, 90],
  ])
  assert.equal(path, 'a 0-10, b 10-40, a 40-50, c 50-90, a 90-100')
})

test('of calls at the same time the one that ended last is waited for', () => {
  const path = pathOf([
    ['a', undefined, 0, 100],
    ['b', 'a', 10, 60],
    ['c', 'a', 10, 90],
  ])
  assert.equal(path, 'a 0-10, c 10-90, a 90-100')
})

test('what goes on after its parent is waited for by nobody before the parent ended', () => {
  const path = pathOf([
    ['a', undefined, 0, 50],
    ['b', 'a', 20, 90],
  ])
  assert.equal(path, 'a 0-20, b 20-50')
})

test('a child that began before its parent counts from where the parent began', () => {
  const path = pathOf([
    ['a', undefined, 20, 60],
    ['b', 'a', 0, 30],
  ])
  assert.equal(path, 'b 20-30, a 30-60')
})

test('a chain of 20 000 spans has a path', () => {
  const drawn = Array.from({ length: 20_000 }, (_, at): Drawn => [
    at.toString(36),
    at === 0 ? undefined : (at - 1).toString(36),
    at,
    40_000 - at,
  ])
  assert.equal(criticalPath(indexTrace(spansOf(drawn)), 40_000n).length, 39_999)
})
