import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { addFc, callFc, httpRequest, textOf } from './fc-harness.ts'
import { bodies, spansOf, startHarness, until } from './harness.ts'

const harness = startHarness({ region: 'cn-hangzhou', jaegerEndpoint: () => 'http://127.0.0.1:14268/api/traces' })
after(() => harness.stop())

const node = { runtime: 'nodejs20' }

test('a handler that calls back gets a buffer and a context', async () => {
  const code = `
exports.handler = (event, context, callback) => {
  const { requestId, credentials, function: f, service, region, accountId, tracing } = context
  setTimeout(() => callback(null, { event: event.toString(), buffer: Buffer.isBuffer(event), requestId, keys: Object.keys(credentials), f, service, region, accountId, tracing }), 5)
}`
  const answer = await callFc(harness, addFc(harness, { 'index.js': code }, { spec: node }), 'text', {
    fc: { baggages: { user: 'a' } },
  })
  const seen = JSON.parse(textOf(answer))
  assert.deepEqual([seen.event, seen.buffer, seen.requestId], ['text', true, answer.requestId])
  assert.deepEqual(seen.keys, ['accessKeyId', 'accessKeySecret', 'securityToken'])
  assert.deepEqual([seen.f.handler, seen.f.memory, seen.region], ['index.handler', 256, 'cn-hangzhou'])
  assert.match(seen.tracing.openTracingSpanContext, /^[0-9a-f]{32}:[0-9a-f]{16}:[0-9a-f]{16}:1$/)
  assert.equal(seen.tracing.jaegerEndpoint, 'http://127.0.0.1:14268/api/traces')
  assert.deepEqual(seen.tracing.openTracingSpanBaggages, { user: 'a' })
})

test('an async handler of an ES module answers with what it returns', async () => {
  const code = 'export const handler = async (event) => `got ${event}`\n'
  const spec = addFc(harness, { 'index.mjs': code }, { spec: node })
  assert.equal(textOf(await callFc(harness, spec, 'it')), 'got it')
})

for (const [what, body, type, message] of [
  ['calls back with an error', "(e, c, callback) => callback(new TypeError('bad'))", 'HandledInvocationError', 'bad'],
  ['throws', "() => { throw new RangeError('worse') }", 'UnhandledInvocationError', 'worse'],
  ['rejects', "async () => { throw new Error('later') }", 'UnhandledInvocationError', 'later'],
  [
    'throws where nobody waits',
    "() => setTimeout(() => { throw new Error('lost') })",
    'UnhandledInvocationError',
    'lost',
  ],
] as const)
  test(`a handler that ${what} is a ${type}`, async () => {
    const spec = addFc(harness, { 'index.js': `exports.handler = ${body}\n` }, { spec: node })
    const answer = await callFc(harness, spec)
    assert.equal(answer.functionError, 'Unhandled')
    assert.equal(answer.fc?.errorType, type)
    const { errorMessage, stackTrace } = JSON.parse(textOf(answer))
    assert.equal(errorMessage, message)
    assert.match(stackTrace[0], /^at .*index\.js:1:\d+/)
  })

test('console and logger write lines as the cloud does', async () => {
  const code =
    "exports.handler = async (e, { logger }) => { console.log('a %d', 1); console.error('b'); logger.setLogLevel('warn'); logger.info('no'); logger.warn('c') }\n"
  const answer = await callFc(harness, addFc(harness, { 'index.js': code }, { spec: node }))
  const own = bodies(answer).slice(1, -2)
  assert.deepEqual(
    own.map((line) => line.replace(/^\S+ /, '')),
    [`${answer.requestId} [verbose] a 1`, `${answer.requestId} [error] b`, `${answer.requestId} [warn] c`],
  )
})

test('initialize, preFreeze and preStop run at their times', async () => {
  const own = startHarness({ idleTimeoutMs: 50 })
  try {
    const code = `
let ready = 0
exports.initialize = (context, callback) => { ready++; callback(null, '') }
exports.preFreeze = async () => console.log('freezing')
exports.preStop = async () => console.log('stopping')
exports.handler = async () => String(ready)`
    const hook = (name: string): { readonly handler: string; readonly timeoutSeconds: number } => ({
      handler: `index.${name}`,
      timeoutSeconds: 3,
    })
    const fc = { initializer: hook('initialize'), preFreeze: hook('preFreeze'), preStop: hook('preStop') }
    const spec = addFc(own, { 'index.js': code }, { spec: node, fc })
    const answer = await callFc(own, spec)
    assert.equal(textOf(answer), '1')
    const lines = (): string[] => own.ingest.batches.flatMap(({ logs }) => logs.map(({ body }) => body))
    await until(() => lines().includes(`FC PreStop End RequestId: ${answer.requestId}`))
    assert.ok(lines().some((line) => line.endsWith('freezing')))
    assert.ok(lines().some((line) => line.endsWith('stopping')))
    const names = spansOf(own.ingest.batches).map(({ name }) => name)
    assert.ok(names.includes('Initializer'))
  } finally {
    await own.stop()
  }
})

for (const edition of ['2', '3'] as const)
  test(`a handler of (req, resp, context) answers an HTTP trigger of edition ${edition}`, async () => {
    const code = `
exports.handler = (req, resp, context) => {
  const chunks = []
  req.on('data', (chunk) => chunks.push(chunk))
  req.on('end', () => {
    resp.setStatusCode(202)
    resp.setHeader('x-request', context.requestId)
    resp.send(JSON.stringify([req.method, req.path, req.queries, req.headers['x-one'], req.url, req.clientIP, Buffer.concat(chunks).toString()]))
  })
}`
    const spec = addFc(
      harness,
      { 'index.js': code },
      { spec: node, fc: { edition, service: edition === '2' ? 's' : '' } },
    )
    const http = httpRequest('/a%20b?q=1&q=2&r=3', { method: 'POST', headers: [['X-One', 'one']] })
    const answer = await callFc(harness, spec, 'body', { fc: http })
    assert.deepEqual(answer.fc?.http, { status: 202, headers: [['x-request', answer.requestId]] })
    assert.deepEqual(JSON.parse(textOf(answer)), [
      'POST',
      '/a b',
      { q: ['1', '2'], r: '3' },
      'one',
      '/a%20b?q=1&q=2&r=3',
      '127.0.0.1',
      'body',
    ])
  })
