import assert from 'node:assert/strict'
import { test } from 'node:test'
import { functionPhases, type PhaseSpan } from './function-phases.ts'
import { pushSpan } from './push-span.ts'
import { readPhaseSpans } from './read-phase-spans.ts'
import { SpanBatch } from './span-batch.ts'
import { completeSpan, type SpanInput } from './span.ts'

const MS = 1_000_000n
const TRACE = 'a'.repeat(32)

function span(name: string, [from, to]: readonly [number, number], more: Partial<SpanInput> = {}): SpanInput {
  return {
    traceId: TRACE,
    spanId: name.length.toString(16).padStart(16, '0'),
    parentId: 'f'.repeat(16),
    startNanos: BigInt(from) * MS + 1000n * MS,
    endNanos: BigInt(to) * MS + 1000n * MS,
    name,
    source: 'lambda',
    service: 'orders',
    receivedNanos: 1n,
    ...more,
  }
}
const call = (more: Partial<SpanInput> = {}): SpanInput =>
  span('orders', [0, 100], {
    spanId: 'f'.repeat(16),
    parentId: 'e'.repeat(16),
    origin: 'AWS::Lambda::Function',
    ...more,
  })

function read(spans: readonly SpanInput[]): PhaseSpan[] {
  const batch = new SpanBatch()
  for (const one of spans) pushSpan(batch, completeSpan(one))
  return readPhaseSpans(batch)
}

const msOf = (spans: readonly SpanInput[]): unknown =>
  functionPhases(read(spans)).map(({ cold, function: of, initNanos, handlerNanos, overheadNanos }) => [
    of,
    cold,
    Number(initNanos / MS),
    Number(handlerNanos / MS),
    Number(overheadNanos / MS),
  ])

test('a cold call of the old style has its initialization before it, a warm one none', () => {
  const phases = [span('Invocation', [0, 90]), span('Overhead', [90, 100])]
  assert.deepEqual(msOf([call({ coldStart: true }), span('Initialization', [-300, -10]), ...phases]), [
    ['orders', true, 290, 90, 10],
  ])
  assert.deepEqual(msOf([call(), ...phases]), [['orders', false, 0, 90, 10]])
})

test('where no span stands for the handler it is what the others leave', () => {
  assert.deepEqual(msOf([call({ coldStart: true }), span('Init', [-50, -1]), span('Overhead', [95, 100])]), [
    ['orders', true, 49, 95, 5],
  ])
})

test("Function Compute's ColdStart and Initializer are its initialization", () => {
  const fc = call({ origin: 'ALIYUN::FC::Function', coldStart: true, source: 'fc' })
  const parts = [span('ColdStart', [0, 60]), span('Initializer', [60, 70]), span('Invocation', [70, 99])]
  assert.deepEqual(msOf([fc, ...parts]), [['orders', true, 70, 29, 0]])
})

test("what is called like a phase and is nobody's, and what was not sampled, is no call", () => {
  assert.deepEqual(msOf([span('Invocation', [0, 90]), span('work', [0, 5], { origin: 'AWS::EC2::Instance' })]), [])
  assert.deepEqual(msOf([call({ unsampled: true }), span('Invocation', [0, 90], { unsampled: true })]), [])
})
