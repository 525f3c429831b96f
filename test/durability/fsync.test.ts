// --fsync: the disk has what is acknowledged, seen in the count of flushes to it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startFnscope } from '../started-fnscope.ts'
import { putSegments } from './xray-client.ts'
import { TraceMaker } from './xray-documents.ts'

async function syncsAfterOne(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  await using fnscope = await startFnscope({ args, env })
  const startSeconds = Date.now() / 1000 - 1
  const trace = new TraceMaker(startSeconds).make({ startSeconds, durationSeconds: 0.2 })
  assert.equal((await putSegments(fnscope.url, trace.sendings.flat()))?.status, 200)
  const metrics = await (await fetch(`${fnscope.url}/metrics`)).text()
  return Number(/^fnscope_wal_syncs_total (\d+)$/m.exec(metrics)?.[1])
}

test('with --fsync, by flag or variable, an acknowledged document was flushed to the disk; else not', async () => {
  assert.equal(await syncsAfterOne([]), 0)
  assert.equal(await syncsAfterOne(['--fsync']), 1)
  assert.equal(await syncsAfterOne([], { FNSCOPE_FSYNC: '1' }), 1)
})
