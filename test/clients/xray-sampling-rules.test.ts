// What the unmodified X-Ray SDK for Python does with sampling rules that were made through the API: a Flask application
// that samples by them, follows a change while it runs, and by default records everything.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { callXray, type Document } from './xray-client.ts'
import { runProgram } from './xray-program.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

const RULE = {
  ResourceARN: '*',
  ReservoirSize: 0,
  ServiceName: 'web',
  ServiceType: '*',
  Host: '*',
  HTTPMethod: '*',
  Version: 1,
}

test('an SDK obeys a rule, follows its change while it runs, and records everything else', async () => {
  for (const rule of [
    { ...RULE, RuleName: 'health', URLPath: '/HEALTH*', Priority: 1, FixedRate: 0 },
    { ...RULE, RuleName: 'elsewhere', URLPath: '*', ServiceName: 'other', Priority: 2, FixedRate: 0 },
  ])
    await callXray(fnscope, '/CreateSamplingRule', { SamplingRule: rule })
  const answer = await runProgram<{ readonly health: Document; readonly rest: Document; readonly later: Document }>(
    fnscope,
    `
import collections, json, os, time, urllib.request
from flask import Flask
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
xray_recorder.configure(service='web')
app = Flask('web')
used = collections.Counter()
XRayMiddleware(app, xray_recorder)
@app.route('/<path:path>')
def anything(path):
    segment = xray_recorder.current_segment()
    used[segment.aws['xray'].get('sampling_rule_name') if segment.sampled else 'not sampled'] += 1
    return 'x'
sampler, end = xray_recorder.sampler, time.time() + 60
sampler.start()
while not sampler._cache.rules or not sampler._cache.last_updated:
    assert time.time() < end, 'no rules'
    time.sleep(0.05)
client = app.test_client()
def ask(path, times):
    used.clear()
    for _ in range(times): client.get(path)
    return dict(used)
health, rest = ask('/health/live', 40), ask('/buy', 40)
body = json.dumps({'SamplingRuleUpdate': {'RuleName': 'health', 'FixedRate': 1.0}}).encode()
urllib.request.urlopen(os.environ['AWS_ENDPOINT_URL'] + '/UpdateSamplingRule', body).read()
# The SDK reports every ten seconds, learns from the answer that rules have changed, and fetches them.
end = time.time() + 60
while next(rule for rule in sampler._cache.rules if rule.name == 'health').rate != 1.0:
    assert time.time() < end, 'the change was not seen'
    time.sleep(0.1)
print(json.dumps({'health': health, 'rest': rest, 'later': ask('/health/live', 40)}))`,
  )
  assert.deepEqual(answer, { health: { 'not sampled': 40 }, rest: { Default: 40 }, later: { health: 40 } })
})

test("with --sampling cloud the default rule is the cloud's", async () => {
  await using cloud = await startFnscope({ args: ['--sampling', 'cloud'] })
  const rules = await callXray<{ readonly SamplingRuleRecords: readonly { readonly SamplingRule: Document }[] }>(
    cloud,
    '/GetSamplingRules',
    {},
  )
  const [{ SamplingRule: rule }] = rules.SamplingRuleRecords as [{ readonly SamplingRule: Document }]
  assert.deepEqual([rule['RuleName'], rule['FixedRate'], rule['ReservoirSize']], ['Default', 0.05, 1])
})
