// `--sampling cloud` behaves as Lambda does: one request a second and 5 % of the rest for Active, silence for
// PassThrough without a decision. The exact rule is tested with a clock of its own beside sampling/reservoir.ts.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually } from '../started-fnscope.ts'
import { appFixture, headerOf, spansOf, startWith, withBoto3, type Called } from './called.ts'

const APP = `
import os
def handler(event, context): return os.environ.get('_X_AMZN_TRACE_ID')
`
const CALLS = 150
const GLOBALS = 'Globals:\n  Api: { TracingEnabled: true }'
const OUTPUT =
  'Outputs: { Api: { Value: !Sub "https://${ServerlessRestApi}.execute-api.us-east-1.amazonaws.com/Prod/x" } }\n'

test('cloud sampling keeps about 1/s + 5 % of Active, nothing of PassThrough, and obeys the caller', async () => {
  using app = appFixture(
    { 'app.py': APP },
    { active: ['Handler: app.handler'], through: ['Handler: app.handler', 'Tracing: PassThrough'] },
  )
  await using fnscope = await startWith(app, { args: ['--sampling', 'cloud'] })
  const { active, through, seconds, told, last } = await withBoto3<{
    readonly active: readonly Called[]
    readonly through: readonly Called[]
    readonly seconds: number
    readonly told: Called
    readonly last: Called
  }>(
    fnscope,
    `
for name in ('active', 'through'): call(name)
begin = time.time()
active = [call('active') for _ in range(${CALLS})]
seconds = time.time() - begin
through = [call('through') for _ in range(40)]
told = call('through', trace='Root=1-6b015057-000000000000000000000003;Parent=53995c3f42cd8ad8;Sampled=1')
last = call('active', trace='Root=1-%x-000000000000000000000004;Sampled=1' % int(time.time()))
done({'active': active, 'through': through, 'seconds': seconds, 'told': told, 'last': last})`,
  )

  const recorded = active.filter(({ trace }) => headerOf(trace).sampled === '1')
  // The reservoir gives one in each second that began; of the rest 5 %: seven or so here, over 25 once in a million runs.
  assert.ok(recorded.length >= Math.max(1, Math.floor(seconds) - 1), `${recorded.length} in ${seconds} s`)
  assert.ok(recorded.length <= Math.ceil(seconds) + 1 + 25, `${recorded.length} of ${CALLS} in ${seconds} s`)
  for (const { trace, text, tail } of active) {
    const decided = headerOf(trace).sampled
    assert.equal(headerOf(text).sampled, decided, 'the runtime is told the same')
    assert.match(tail, new RegExp(`\\tSampled: ${decided === '1'}\\t\\n$`))
  }
  assert.ok((await spansOf(fnscope, headerOf(recorded.at(-1)!.trace).root, 3)).length >= 3)
  // The last call of all is recorded: what any other was to leave in the store is there with it.
  const stored = await eventually(async () => {
    const ids = await traceIds(fnscope.url)
    return [...recorded, last].every(({ trace }) => ids.has(headerOf(trace).root)) ? ids : undefined
  })
  assert.ok(active.every(({ trace }) => headerOf(trace).sampled === '1' || !stored.has(headerOf(trace).root)))

  for (const { trace, tail } of through) {
    assert.equal(headerOf(trace).sampled, '0')
    assert.doesNotMatch(tail, /XRAY/)
    assert.ok(!stored.has(headerOf(trace).root))
  }
  assert.equal(headerOf(told.text).sampled, '1', 'an upstream decision passes through')
})

test('a traced stage decides by the same rule, and its function follows', async () => {
  using app = appFixture(
    { 'app.py': `${APP}def proxy(event, context): return {'statusCode': 200, 'body': handler(event, context)}\n` },
    { proxied: ['Handler: app.proxy', 'Events: { Get: { Type: Api, Properties: { Path: /x, Method: get } } }'] },
  )
  app.write('template.yaml', readFileSync(join(app.dir, 'template.yaml'), 'utf8').replace('Globals:', GLOBALS))
  app.append('template.yaml', OUTPUT)
  await using fnscope = await startWith(app, { args: ['--sampling', 'cloud'] })
  const url = fnscope.apps[0]!.urls['Api']!
  await (await fetch(url)).text()
  const begin = performance.now()
  let sampled = 0
  for (let each = 0; each < CALLS; each++) {
    const response = await fetch(url)
    const decided = headerOf(response.headers.get('x-amzn-trace-id') ?? '').sampled
    assert.equal(headerOf(await response.text()).sampled, decided)
    if (decided === '1') sampled += 1
  }
  const seconds = (performance.now() - begin) / 1000
  assert.ok(sampled <= Math.ceil(seconds) + 1 + 25, `${sampled} of ${CALLS} in ${seconds} s`)
})

async function traceIds(url: string): Promise<Set<string>> {
  const { traces } = (await (await fetch(`${url}/api/traces?limit=200`)).json()) as {
    readonly traces: readonly { readonly id: string }[]
  }
  return new Set(traces.map(({ id }) => id))
}
