import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createClient, instanceUrl } from './client.ts'

async function serve(listener: RequestListener): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

test('the instance is FNSCOPE_URL, else this machine at FNSCOPE_PORT, else at 4747', () => {
  assert.equal(instanceUrl({}), 'http://127.0.0.1:4747')
  assert.equal(instanceUrl({ FNSCOPE_PORT: '5000' }), 'http://127.0.0.1:5000')
  assert.equal(instanceUrl({ FNSCOPE_URL: 'http://box:1/', FNSCOPE_PORT: '5000' }), 'http://box:1')
  assert.equal(instanceUrl({ FNSCOPE_URL: 'https://box/scope/' }), 'https://box/scope')
  for (const FNSCOPE_URL of ['box:4747', '127.0.0.1:4747', 'ftp://box'])
    assert.throws(() => instanceUrl({ FNSCOPE_URL }), { code: 'FNS_USAGE', message: /wants an address like http/ })
})

test('an answer is its JSON, asked for with credentials', async () => {
  await using server = await serve((request, response) =>
    response.end(JSON.stringify({ path: request.url, authorization: request.headers.authorization })),
  )
  const local = await createClient({}, server.url).get<Record<string, string>>('/api/x?y=1')
  assert.equal(local['path'], '/api/x?y=1')
  assert.match(local['authorization']!, /^AWS4-HMAC-SHA256 /)
  const shared = await createClient({ FNSCOPE_TOKEN: 't' }, server.url).get<Record<string, string>>('/')
  assert.equal(shared['authorization'], 'Bearer t')
})

test('a refusal keeps its code, its words and so its exit status', async () => {
  await using server = await serve((request, response) => {
    const code = request.url === '/usage' ? 'FNS_USAGE' : 'UnrecognizedClientException'
    response.writeHead(400).end(JSON.stringify({ error: { code, message: 'no' } }))
  })
  const client = createClient({}, server.url)
  await assert.rejects(client.get('/usage'), { code: 'FNS_USAGE', message: 'no', exitCode: 2 })
  await assert.rejects(client.get('/other'), { code: 'FNS_REFUSED', message: 'no', exitCode: 1 })
})

test('something else that answers there is told apart from fnscope', async () => {
  await using server = await serve((_, response) => response.end('<html>'))
  await assert.rejects(createClient({}, server.url).get('/api/apps'), {
    code: 'FNS_NOT_RUNNING',
    message: /something else/,
  })
})

test('nobody there: the sentence says where and what to do', async () => {
  const gone = await serve(() => {})
  await gone[Symbol.asyncDispose]()
  const bare = createClient({}, gone.url).get('/api/apps')
  await assert.rejects(bare, {
    code: 'FNS_NOT_RUNNING',
    message: /No fnscope answers at http.*ECONNREFUSED.*fnscope up/,
  })
  const named = createClient({ FNSCOPE_URL: gone.url }).get('/api/apps')
  await assert.rejects(named, { code: 'FNS_NOT_RUNNING', message: /FNSCOPE_URL names it; check the address/ })
})
