import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { addFc, callFc, httpRequest, textOf } from './fc-harness.ts'
import { bodies, spansOf, startHarness } from './harness.ts'

const harness = startHarness({ jaegerEndpoint: () => 'http://127.0.0.1:14268/api/traces' })
after(() => harness.stop())

const SERVER = `
const seen = []
require('node:http').createServer((req, res) => {
  const chunks = []
  req.on('data', (chunk) => chunks.push(chunk))
  req.on('end', () => {
    const body = Buffer.concat(chunks).toString()
    seen.push(req.url)
    console.log('asked', req.method, req.url)
    if (body === 'fail') return res.writeHead(200, { 'x-fc-status': '404' }).end('{"errorMessage":"no"}')
    if (body === 'exit') process.exit(7)
    if (body === 'hang') return
    res.writeHead(201, { 'x-own': 'yes' })
    res.end(JSON.stringify({ seen, method: req.method, url: req.url, body, headers: req.headers }))
  })
}).listen(process.env.FC_SERVER_PORT, '0.0.0.0')
`
const custom = {
  spec: { runtime: 'custom.debian10', handler: 'index.handler' },
  fc: { custom: { command: [process.execPath, 'server.js'], port: 9000 } },
}

test('events come as POST /invoke with all x-fc headers, after POST /initialize', async () => {
  const fc = { ...custom.fc, initializer: { handler: 'index.initialize', timeoutSeconds: 3 } }
  const spec = addFc(harness, { 'server.js': SERVER }, { ...custom, fc })
  const answer = await callFc(harness, spec, 'event')
  const { seen, method, url, body, headers } = JSON.parse(textOf(answer))
  assert.deepEqual([seen, method, url, body], [['/initialize', '/invoke'], 'POST', '/invoke', 'event'])
  assert.equal(headers['x-fc-request-id'], answer.requestId)
  assert.equal(headers['x-fc-function-name'], spec.name)
  assert.equal(headers['x-fc-control-path'], '/invoke')
  assert.equal(headers['x-fc-tracing-jaeger-endpoint'], 'http://127.0.0.1:14268/api/traces')
  assert.match(headers['x-fc-tracing-opentracing-span-context'], /:1$/)
  assert.ok('x-fc-service-logproject' in headers)
  assert.ok(bodies(answer).includes('asked POST /invoke'))
  const names = spansOf(harness.ingest.batches).map(({ name }) => name)
  assert.ok(names.includes('Initializer'))
})

test('HTTP requests come as they are, and two instances at one time have a port each', async () => {
  const spec = addFc(harness, { 'server.js': SERVER }, custom)
  const http = httpRequest('/some/path?x=1', { method: 'PUT', headers: [['X-One', 'one']] })
  const answers = await Promise.all([1, 2].map((body) => callFc(harness, spec, String(body), { fc: http })))
  for (const answer of answers) {
    assert.equal(answer.fc?.http?.status, 201)
    assert.ok(answer.fc?.http?.headers.some(([name, value]) => name === 'x-own' && value === 'yes'))
    const { method, url, headers } = JSON.parse(textOf(answer))
    assert.deepEqual([method, url, headers['x-one']], ['PUT', '/some/path?x=1', 'one'])
  }
})

test('a failure that the program tells, and its end, are errors', async () => {
  const spec = addFc(harness, { 'server.js': SERVER }, custom)
  const failed = await callFc(harness, spec, 'fail')
  assert.equal(failed.functionError, 'Unhandled')
  assert.equal(textOf(failed), '{"errorMessage":"no"}')
  const ended = await callFc(harness, spec, 'exit')
  assert.match(JSON.parse(textOf(ended)).errorMessage, /^Process exited unexpectedly .*exit status 7\)$/)
})

test('a request that is never answered times out, and the next one has another instance', async () => {
  const spec = addFc(harness, { 'server.js': SERVER }, { ...custom, spec: { ...custom.spec, timeoutSeconds: 5 } })
  const late = await callFc(harness, spec, 'hang')
  assert.match(JSON.parse(textOf(late)).errorMessage, /^Function timed out after 5 seconds/)
  assert.deepEqual(JSON.parse(textOf(await callFc(harness, spec, 'again'))).seen, ['/invoke'])
})

test('without a command the bootstrap beside the code is the program', async () => {
  const files = { 'server.js': SERVER, bootstrap: `#!/bin/sh\nexec "${process.execPath}" server.js\n` }
  const fc = { custom: { command: [], port: 9000 } }
  const spec = addFc(harness, files, { spec: { ...custom.spec, runtime: 'custom' }, fc })
  chmodSync(join(spec.codeDir, 'bootstrap'), 0o755)
  assert.equal(JSON.parse(textOf(await callFc(harness, spec, 'event'))).url, '/invoke')
})

test('a command that names the code by its place on the cloud finds it', async () => {
  const fc = { custom: { command: [process.execPath, '/code/server.js'], port: 9000 } }
  const spec = addFc(harness, { 'server.js': SERVER }, { ...custom, fc })
  assert.equal(JSON.parse(textOf(await callFc(harness, spec, 'event'))).url, '/invoke')
})

test('a command that is not there says so in the log', async () => {
  const fc = { custom: { command: ['no-such-program'], port: 9000 } }
  const answer = await callFc(harness, addFc(harness, { 'server.js': SERVER }, { ...custom, fc }))
  assert.ok(bodies(answer).some((line) => /no-such-program cannot be started/.test(line)))
  assert.equal(answer.functionError, 'Unhandled')
})
