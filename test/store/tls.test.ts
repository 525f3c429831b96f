// A store behind TLS whose certificate a private authority signed: known by --store-ca, refused without, said plainly.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { createServer } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import { openStore } from '../../packages/fnscope/src/store/connect.ts'
import { newTraceId } from '../../packages/fnscope/src/span/id.ts'
import { runFnscope, startFnscope, temporaryDir } from '../started-fnscope.ts'
import { startTempEngine } from './engine-in-temp.ts'

const retention = { spansDays: 7, logsDays: 7, metricsDays: 7 }
const NO_OPENSSL = spawnSync('openssl', ['version']).status === 0 ? false : 'needs openssl to make certificates'

/** ca.pem, and key and certificate of `localhost` that it signed. */
function makeCertificates(dir: string): { readonly ca: string; readonly key: string; readonly certificate: string } {
  const at = (name: string): string => join(dir, name)
  writeFileSync(at('names.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  for (const line of [
    `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ${at('ca.key')} -out ${at('ca.pem')}`,
    `req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout ${at('key.pem')} -out ${at('request.pem')}`,
    `x509 -req -in ${at('request.pem')} -CA ${at('ca.pem')} -CAkey ${at('ca.key')} -CAcreateserial -days 2 -extfile ${at('names.ext')} -out ${at('certificate.pem')}`,
  ]) {
    const { status, stderr } = spawnSync('openssl', line.split(' '))
    assert.equal(status, 0, stderr.toString())
  }
  return { ca: at('ca.pem'), key: at('key.pem'), certificate: at('certificate.pem') }
}

/** An engine's port behind TLS. */
async function startSecureEngine(t: TestContext): Promise<{ readonly url: URL; readonly ca: string }> {
  const dir = temporaryDir('tls')
  const temp = await startTempEngine()
  const { ca, key, certificate } = makeCertificates(dir)
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
    const { method, headers } = request
    const inner = httpRequest(new URL(request.url ?? '/', temp.engine.url), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    inner.on('error', () => response.destroy())
    request.pipe(inner)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    server.closeAllConnections()
    server.close()
    await temp.stop()
    rmSync(dir, { recursive: true, force: true })
  })
  const url = new URL(temp.url)
  url.protocol = 'https:'
  const secure = new URL(`https://localhost:${(server.address() as AddressInfo).port}/fnscope`)
  secure.username = url.username
  secure.password = url.password
  return { url: secure, ca }
}

test('a private authority is trusted when it is named, and only then', { skip: NO_OPENSSL }, async (t) => {
  const { url, ca } = await startSecureEngine(t)
  const options = { url: url.href, retention, log: silentLogger }
  await assert.rejects(openStore(options), { code: 'FNS_STORE_UNREACHABLE', message: /certificate.*--store-ca FILE/ })
  const store = await openStore({ ...options, ca: readFileSync(ca, 'utf8') })
  assert.deepEqual(await store.readSpans([newTraceId(1)]), [])
  await store.close()
})

test(
  '--store-ca and FNSCOPE_STORE_PASSWORD reach the store; the password is nowhere to be seen',
  { skip: NO_OPENSSL },
  async (t) => {
    const { url, ca } = await startSecureEngine(t)
    const { password } = url
    url.password = ''
    const env = { FNSCOPE_STORE: url.href, FNSCOPE_STORE_PASSWORD: password }
    await using started = await startFnscope({ args: ['--store-ca', ca], env })
    assert.equal((await fetch(new URL('/api/traces', started.url))).status, 200)
    const config = await runFnscope(['config'], { ...env, FNSCOPE_STORE_CA: ca })
    assert.match(config.stdout, /storePassword\s+\(set\)\s+\(FNSCOPE_STORE_PASSWORD\)/)
    const wrong = await runFnscope(['up', '--store-ca', import.meta.filename, '--ports', 'auto'], env)
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /no certificate in PEM form.*\(FNS_USAGE\)/)
    for (const text of [config.stdout, started.stderr(), wrong.stderr]) assert.ok(!text.includes(password))
  },
)
