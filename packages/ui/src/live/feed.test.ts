import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { Feed, MOST_ROWS } from './feed.ts'

const trace = (number: number, service = 'orders') => ({
  id: `1-${number}`,
  name: 'GET /x',
  service,
  source: 'otlp',
  startMs: number,
  durationMs: 1,
  error: false,
  fault: false,
  throttle: false,
})

const feed = (): { readonly feed: Feed; readonly frame: () => void } => {
  let due: (() => void) | undefined
  return { feed: new Feed({ onFrame: (run) => (due = run) }), frame: () => due?.() }
}

test('the newest stands first, and 2000 are kept of any number', () => {
  const { feed: one, frame } = feed()
  for (let number = 0; number < 10_000; number++) one.addTrace(trace(number))
  frame()
  const { rows } = one.state()
  assert.equal(rows.length, MOST_ROWS)
  assert.equal(rows[0]?.kind === 'trace' && rows[0].trace.id, '1-9999')
})

test('listeners hear of a thousand events once a frame', () => {
  const { feed: one, frame } = feed()
  let told = 0
  one.subscribe(() => (told += 1))
  for (let number = 0; number < 1000; number++) one.addTrace(trace(number))
  frame()
  assert.equal(told, 1)
})

test('a paused feed counts what comes and shows it after', () => {
  const { feed: one, frame } = feed()
  one.addTrace(trace(1))
  one.pause(true)
  for (let number = 2; number < 139; number++) one.addTrace(trace(number))
  frame()
  assert.deepEqual([one.state().rows.length, one.state().waiting], [1, 137])
  one.pause(false)
  frame()
  assert.deepEqual([one.state().rows.length, one.state().waiting], [138, 0])
})

test('what is muted is not shown and counted', () => {
  const { feed: one, frame } = feed()
  one.addTrace(trace(1, 'health'))
  one.mute(new Set(['health GET /x']))
  one.addTrace(trace(2, 'health'))
  one.addTrace(trace(3))
  frame()
  assert.deepEqual([one.state().rows.length, one.state().muted], [1, 1])
})

test('log lines are counted at their trace', () => {
  const { feed: one, frame } = feed()
  one.addTrace(trace(1))
  one.addLine({
    timeMs: 1,
    time: '1',
    received: '1',
    kind: 'function',
    function: 'f',
    logGroup: '',
    logStream: '',
    severity: '',
    level: 'info',
    body: 'x',
    traceId: '1-1',
  })
  frame()
  const [row] = one.state().rows
  assert.equal(row?.kind === 'trace' && row.logs, 1)
})

const phases = (id: string, of = 'orders') => ({
  id,
  function: of,
  cold: true,
  initMs: 200,
  handlerMs: 40,
  overheadMs: 2,
})

test('what a call was made of stands at its row, whichever came first, and its own before that of others', () => {
  const { feed: one, frame } = feed()
  one.addPhases(phases('1-1', 'payments'))
  one.addTrace(trace(1))
  one.addPhases(phases('1-1'))
  one.addTrace(trace(2, 'api'))
  one.addPhases(phases('1-2', 'payments'))
  frame()
  const shown = one.state().rows.map((row) => row.kind === 'trace' && row.phases?.function)
  assert.deepEqual(shown, ['payments', 'orders'])
})

test('of any number of calls whose traces never come little is kept, and what rows show stays', () => {
  const { feed: one, frame } = feed()
  one.addTrace(trace(1))
  one.addPhases(phases('1-1'))
  for (let number = 0; number < 100_000; number++) one.addPhases(phases(`other-${number}`))
  for (let number = 90_000; number < 100_000; number++) one.addTrace({ ...trace(number), id: `other-${number}` })
  frame()
  const { rows } = one.state()
  assert.equal(rows[0]?.kind === 'trace' && rows[0].phases?.id, 'other-99999')
  assert.equal(rows.length, MOST_ROWS)
})
