// A function that is configured for a DataKit, run here: its measurement and its logs are the platform's, and the DataWay
// that it names never hears of it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { startHarness, type Harness } from './harness.ts'

const APP = `
import json
print("loaded")
def handler(event, context):
    print("hello", event.get("name"))
    if event.get("fail"):
        raise ValueError("no")
    return {"ok": True}
`

function awslambda({ ingest }: Harness): readonly (readonly [string, number])[] {
  return ingest.batches
    .flatMap(({ metrics }) => metrics)
    .filter(({ name }) => name.startsWith('awslambda.'))
    .map(({ name, value }) => [name.slice('awslambda.'.length), value] as const)
}

test('ENV_DATAWAY: figures as in the REPORT line, logs with source awslambda, and nothing sent', async (t) => {
  let connections = 0
  const dataway = createServer((socket) => {
    connections += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(dataway, 'listening')
  t.after(() => dataway.close())
  const { port } = dataway.address() as AddressInfo
  const harness = startHarness({ accountId: '123456789012' })
  t.after(() => harness.stop())
  const environment = { ENV_DATAWAY: `http://127.0.0.1:${port}?token=tkn_x` }
  const { name } = harness.add({ 'app.py': APP }, { environment })
  const cold = await harness.call(name, { name: 'World' })
  const report = cold.logLines.find(({ body }) => body.startsWith('REPORT'))!.body
  const said = (label: string): number => Number(new RegExp(`\\t${label}: ([\\d.]+)`).exec(report)![1])
  const figures = Object.fromEntries(awslambda(harness))
  assert.deepEqual(Object.keys(figures).sort(), [
    'billed_duration_ms',
    'duration_ms',
    'init_duration_ms',
    'max_memory_used_mb',
    'memory_size_mb',
    'post_runtime_duration',
    'runtime_duration_ms',
  ])
  assert.equal(figures['billed_duration_ms'], said('Billed Duration'))
  assert.equal(figures['memory_size_mb'], said('Memory Size'))
  assert.equal(figures['max_memory_used_mb'], said('Max Memory Used'))
  assert.equal(figures['duration_ms']!.toFixed(2), said('Duration').toFixed(2))
  assert.equal(figures['init_duration_ms']!.toFixed(2), said('Init Duration').toFixed(2))
  const lines = harness.ingest.batches.flatMap(({ logs }) => logs).filter(({ kind }) => kind === 'function')
  assert.deepEqual(
    lines.map(({ body }) => body),
    ['loaded', 'hello World'],
  )
  for (const { attributes } of lines)
    assert.partialDeepStrictEqual(attributes, {
      source: 'awslambda',
      aws_log_from: 'function',
      status: 'info',
      aws_lambda_function_name: name,
      aws_account_id: '123456789012',
    })

  harness.ingest.batches.length = 0
  await harness.call(name, { fail: true })
  const warm = Object.fromEntries(awslambda(harness))
  assert.deepEqual([warm['errors'], warm['timeouts'], warm['init_duration_ms']], [1, undefined, undefined])
  assert.equal(connections, 0)
})

test('a function without DataKit has no such figures, and its lines no such source', async (t) => {
  const harness = startHarness()
  t.after(() => harness.stop())
  const { name } = harness.add({ 'app.py': APP })
  await harness.call(name)
  assert.deepEqual(awslambda(harness), [])
  for (const { logs } of harness.ingest.batches) for (const { attributes } of logs) assert.deepEqual(attributes, {})
})
