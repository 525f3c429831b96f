import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runIds, traceContext } from './trace-context.ts'

const ROOT = 'Root=1-63dd2166-434a12c22e1307ff2114f299'
const decide = (
  tracing: 'Active' | 'PassThrough',
  segmentStyle: 'old' | 'new',
  mode: 'all' | 'cloud',
  header?: string,
) => {
  const sampling = { mode, take: () => true }
  const trace = traceContext({ tracing, segmentStyle }, header, { nowNanos: 1_795_000_000_000_000_000n, sampling })
  return { ...trace, runtime: runIds(trace).runtimeHeader }
}

test('the decision, what is written and whether the log says so, for every mode', () => {
  const table = [
    // tracing, style, mode, Sampled of the caller → sampled, recorded, announced
    ['Active', 'new', 'all', '', true, true, true],
    ['Active', 'new', 'cloud', '', true, true, true],
    ['Active', 'new', 'all', `${ROOT};Sampled=0`, false, false, true],
    ['Active', 'new', 'cloud', `${ROOT};Sampled=1`, true, true, true],
    ['PassThrough', 'new', 'all', '', true, true, true],
    ['PassThrough', 'new', 'cloud', '', false, false, false],
    ['PassThrough', 'new', 'cloud', ROOT, false, false, true],
    ['PassThrough', 'old', 'cloud', `${ROOT};Sampled=1`, true, true, true],
    ['PassThrough', 'new', 'cloud', `${ROOT};Sampled=1`, true, false, false],
    ['PassThrough', 'old', 'all', `${ROOT};Sampled=0`, false, false, true],
  ] as const
  for (const [tracing, style, mode, header, ...expected] of table) {
    const trace = decide(tracing, style, mode, header)
    assert.deepEqual(
      [trace.sampled, trace.recorded, trace.announced],
      expected,
      `${tracing} ${style} ${mode} ${header}`,
    )
  }
})

test('a caller without a trace gets a root whose id begins with the epoch second', () => {
  const trace = decide('Active', 'new', 'all')
  assert.equal(Number.parseInt(trace.traceId.slice(0, 8), 16), 1_795_000_000)
  assert.equal(trace.parentId, undefined)
})

test('where PassThrough merely hands on, the caller’s parent stays the parent', () => {
  const header = `${ROOT};Parent=0a1b2c3d4e5f6071;Sampled=1;Lineage=1:a:0`
  assert.equal(decide('PassThrough', 'new', 'cloud', header).runtime, header)
})
