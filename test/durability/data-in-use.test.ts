// One fnscope per data directory: the second is told so and the first goes on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runFnscope, startFnscope } from '../started-fnscope.ts'
import { readShapes } from './xray-answers.ts'
import { putSegments, untilStored } from './xray-client.ts'
import { lonelySegment } from './xray-documents.ts'

test('a second fnscope on a data directory in use ends with FNS_DATA_IN_USE, and the first goes on', async () => {
  await using first = await startFnscope()
  const ids: string[] = []
  const put = async (): Promise<void> => {
    const { id, text } = lonelySegment('first', Date.now() / 1000)
    assert.equal((await putSegments(first.url, [text]))?.status, 200)
    ids.push(id)
  }
  await put()
  const second = await runFnscope(['up', '--data', first.dataDir, '--ports', 'auto', '--json'])
  assert.equal(second.code, 1)
  assert.equal(second.stdout, '')
  assert.match(
    second.stderr,
    /data directory .* is in use by process \d+\. Stop that fnscope, or .* --data\. \(FNS_DATA_IN_USE\)\n$/,
  )
  assert.ok(second.stderr.includes(`process ${first.child.pid}.`))
  assert.doesNotMatch(second.stderr, /\n\s+at /, 'a stack')
  await put()
  await untilStored(first.url)
  assert.equal((await readShapes(first.url, ids)).size, 2)
  assert.equal(await first.stop(), 0)
  // Given free at once.
  await using third = await startFnscope({ dataDir: first.dataDir })
  assert.equal((await readShapes(third.url, ids)).size, 2)
})
