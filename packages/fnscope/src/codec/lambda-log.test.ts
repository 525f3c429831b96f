import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLambdaLine, type LambdaReport } from './lambda-log.ts'

const ID = '6d68ca91-49c9-448d-89b8-7ca3e6dc66aa'
const text = (duration: string): string =>
  `REPORT RequestId: ${ID}\tDuration: ${duration} ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\tInit Duration: 7.25 ms\t`
const event = (durationMs: string): string =>
  `{"time":"2026-01-01T00:00:00Z","type":"platform.report","record":{"requestId":"${ID}","metrics":{"durationMs":${durationMs},"initDurationMs":7.25}}}`

for (const [kind, write] of [
  ['text', text],
  ['JSON', event],
] as const) {
  test(`a REPORT as ${kind} has its own duration and the init’s`, () => {
    const { durationMs, initDurationMs } = parseLambdaLine(write('2.5')) as LambdaReport
    assert.deepEqual([durationMs, initDurationMs], [2.5, 7.25])
  })
  test(`a duration that none can have is none in a REPORT as ${kind}`, () => {
    for (const odd of kind === 'text' ? ['1.2.3', '9'.repeat(400), '...'] : ['1e999', '1e300', '-1', '"2"'])
      assert.equal((parseLambdaLine(write(odd)) as LambdaReport).durationMs, 0, odd.slice(0, 9))
  })
}
