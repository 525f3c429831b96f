// A Flask application with the unmodified X-Ray SDK, sampling by the rules that fnscope serves.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { callXray, epochSeconds, hex, traceIdAt, type Document } from './xray-client.ts'
import { documentsOf, runProgram } from './xray-program.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

test('a Flask application polls the rules, samples by them and reports to the targets', async () => {
  const [forced, asked] = [traceIdAt(epochSeconds()), traceIdAt(epochSeconds())]
  const parent = hex(8)
  const before = await reported()
  const answer = await runProgram<{
    readonly rules: string[]
    readonly asked: string
    readonly first: string
    readonly quota: number | null
  }>(
    fnscope,
    `
import json, os, time
from flask import Flask
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
xray_recorder.configure(service='web')
app = Flask('web')
XRayMiddleware(app, xray_recorder)
@app.route('/<int:status>')
def status(status):
    if status == 500: raise RuntimeError('broken')
    return 'x', status
sampler, end = xray_recorder.sampler, time.time() + 60
sampler.start()
while not sampler._cache.rules or not sampler._cache.last_updated:
    assert time.time() < end, 'no rules'
    time.sleep(0.05)
client = app.test_client()
first = client.get('/200').headers['X-Amzn-Trace-Id']
force = {'X-Amzn-Trace-Id': 'Root=${forced};Parent=${parent};Sampled=1'}
for path in ('/200', '/429', '/500'): client.get(path, headers=force)
asked = client.get('/200', headers={'X-Amzn-Trace-Id': 'Root=${asked};Sampled=?'}).headers['X-Amzn-Trace-Id']
rule = sampler._cache.rules[-1]
# The reports go every 10 s: ask now, as the poller would.
targets, _ = sampler._target_poller._connector.fetch_sampling_target([rule])
print(json.dumps({'rules': [one.name for one in sampler._cache.rules], 'asked': asked, 'first': first, 'quota': targets[rule.name].get('quota')}))`,
  )
  assert.deepEqual(answer.rules, ['Default'])
  assert.match(answer.first, /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}/)
  // The SDK hides the id of what it does not record.
  assert.match(answer.asked, new RegExp(`^Root=(${asked};Sampled=1|1-0{8}-0{24};Sampled=0)$`))
  assert.ok(answer.quota === 1, `${answer.quota}`)
  const segments = await documentsOf(fnscope, forced, 3)
  assert.deepEqual(
    segments.map((one) => [
      one['parent_id'],
      (one['http'] as { readonly response: Document }).response['status'],
      one['error'],
      one['throttle'],
      one['fault'],
    ]),
    [
      [parent, 200, undefined, undefined, undefined],
      [parent, 429, true, true, undefined],
      [parent, 500, undefined, undefined, true],
    ],
  )
  const [sampled] = await documentsOf(fnscope, /1-[0-9a-f]{8}-[0-9a-f]{24}/.exec(answer.first)![0], 1)
  assert.equal((sampled!['aws'] as { readonly xray: Document }).xray['sampling_rule_name'], 'Default')
  assert.equal((await reported()) - before, 2, 'the requests that the rules decided')
})

async function reported(): Promise<number> {
  const { SamplingStatisticSummaries } = await callXray<{
    readonly SamplingStatisticSummaries: readonly { readonly RequestCount: number }[]
  }>(fnscope, '/SamplingStatisticSummaries', {})
  return SamplingStatisticSummaries.reduce((sum, one) => sum + one.RequestCount, 0)
}
