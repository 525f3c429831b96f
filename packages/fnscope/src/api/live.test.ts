import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newBatch, type Batch } from '../span/batch.ts'
import { pushSpan } from '../span/push-span.ts'
import { completeSpan } from '../span/span.ts'
import { LIVE_KINDS, Live, type LiveKind, type LiveWatcher } from './live.ts'

function batchOf(roots: number): Batch {
  const batch = newBatch()
  for (let i = 0; i < roots; i++)
    pushSpan(
      batch.spans,
      completeSpan({
        traceId: i.toString(16).padStart(32, '0'),
        spanId: '0000000000000001',
        startNanos: 1_000_000n,
        endNanos: 3_000_000n,
        name: '주문 🛒',
        source: 'otlp',
        service: 'shop',
        receivedNanos: 1n,
        rootRank: 0,
      }),
    )
  return batch
}

interface Event {
  readonly id?: string
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What was sent, parsed as a browser does. */
function watcherOf(kinds: readonly LiveKind[] = LIVE_KINDS) {
  const texts: string[] = []
  const state = { full: false, ended: false }
  const watcher: LiveWatcher = {
    kinds: new Set(kinds),
    send: (text) => {
      if (state.full) return false
      texts.push(text)
      return true
    },
    end: () => (state.ended = true),
  }
  const events = (): Event[] =>
    texts
      .join('')
      .split('\n\n')
      .filter((block) => block !== '' && !block.startsWith(':'))
      .map((block) => {
        const fields = Object.fromEntries(
          block.split('\n').map((line): [string, string] => [line.split(': ')[0]!, line.slice(line.indexOf(': ') + 2)]),
        )
        return { ...fields, event: fields['event']!, data: JSON.parse(fields['data']!) as Event['data'] }
      })
  return { watcher, state, events }
}

function liveAt(clock: { nowMs: number }): Live {
  return new Live({
    nowMs: () => clock.nowMs,
    logLine: ({ body }) => ({ body, function: 'f' }) as ReturnType<ConstructorParameters<typeof Live>[0]['logLine']>,
  })
}

const numbers = (events: readonly Event[]): number[] => events.map(({ id }) => Number(id!.split('-')[1]))

test('a watcher is told of each trace whose root came, and of the kinds it wants alone', () => {
  const live = liveAt({ nowMs: 0 })
  const [traces, logs] = [watcherOf(['trace']), watcherOf(['log'])]
  live.watch(traces.watcher)
  live.watch(logs.watcher)
  const batch = batchOf(2)
  batch.logs.push({ body: '안녕' } as Batch['logs'][number])
  live.note(batch)
  assert.deepEqual(
    traces.events().map(({ event, data }) => [event, data['name'], data['startMs'], data['durationMs']]),
    [
      ['trace', '주문 🛒', 1, 2],
      ['trace', '주문 🛒', 1, 2],
    ],
  )
  assert.deepEqual(
    logs.events().map(({ event, data }) => [event, data['body']]),
    [['log', '안녕']],
  )
  live.stop()
  assert.deepEqual([traces.state.ended, live.watch(traces.watcher)], [true, false])
})

test('who comes back is told what came meanwhile, once; after too long, or another run, to begin again', () => {
  const clock = { nowMs: 0 }
  const live = liveAt(clock)
  const first = watcherOf(['trace'])
  live.watch(first.watcher)
  live.note(batchOf(2))
  live.leave(first.watcher)
  const { id } = first.events().at(-1)!
  live.note(batchOf(3))
  const again = watcherOf(['trace'])
  live.watch(again.watcher, id)
  assert.deepEqual(numbers(again.events()), [3, 4, 5])
  live.leave(again.watcher)
  clock.nowMs = 61_000
  live.note(batchOf(1))
  const other = watcherOf()
  live.watch(other.watcher, 'ffffffff-3')
  assert.deepEqual(
    other.events().map(({ event }) => event),
    ['reset'],
  )
  live.stop()
})

test('a watcher that does not keep up is told how much it missed, and nothing is kept for it', () => {
  const clock = { nowMs: 0 }
  const live = liveAt(clock)
  const { watcher, state, events } = watcherOf(['trace'])
  live.watch(watcher)
  state.full = true
  for (let second = 0; second < 50; second++) {
    clock.nowMs = second * 1000
    live.note(batchOf(1000))
  }
  assert.deepEqual(events(), [])
  state.full = false
  clock.nowMs = 50_000
  live.note(batchOf(1))
  assert.deepEqual(
    events().map(({ event, data }) => [event, data['events']]),
    [
      ['missed', 50_000],
      ['trace', undefined],
    ],
  )
  live.stop()
})

test('a heartbeat tells what was missed where nothing comes any more', () => {
  const live = liveAt({ nowMs: 0 })
  const { watcher, state, events } = watcherOf(['trace'])
  live.watch(watcher)
  state.full = true
  live.note(batchOf(3))
  live.heartbeat()
  state.full = false
  live.heartbeat()
  live.heartbeat()
  assert.deepEqual(
    events().map(({ event, data }) => [event, data['events']]),
    [['missed', 3]],
  )
  live.stop()
})

test('more than 2000 traces in a second are counted, not told', () => {
  const clock = { nowMs: 0 }
  const live = liveAt(clock)
  const { watcher, events } = watcherOf(['trace'])
  live.watch(watcher)
  live.note(batchOf(2500))
  live.note(batchOf(7))
  clock.nowMs = 1000
  live.note(batchOf(1))
  const told = events()
  assert.equal(told.filter(({ event }) => event === 'trace').length, 2001)
  assert.deepEqual(
    told.filter(({ event }) => event === 'missed').map(({ data }) => data),
    [{ events: 507 }],
  )
  live.stop()
})
