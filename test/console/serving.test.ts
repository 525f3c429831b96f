// How the console is served: to browsers alone, under a strict policy, beside what programs get at the same addresses.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fastify } from 'fastify'
import { mountConsoleFiles } from '../../packages/fnscope/src/doors/console-files.ts'
import { startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'
import { buildConsole } from './chromium.ts'

let fnscope: StartedFnscope
const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

before(async () => {
  buildConsole()
  fnscope = await startFnscope()
})

after(async () => await fnscope?.[Symbol.asyncDispose]())

test('a visit gets the console with a policy that lets nothing else in', async () => {
  for (const path of ['/', '/traces?q=x', '/trace/1-5759e988-bd862e3fe1be46a994272793', '/metrics', '/functions/a/b']) {
    const response = await fetch(fnscope.url + path, { headers: browser })
    assert.equal(response.status, 200, path)
    assert.match(response.headers.get('content-type')!, /^text\/html/)
    const policy = response.headers.get('content-security-policy')!
    assert.match(policy, /default-src 'self';.*frame-ancestors 'none'/)
    assert.doesNotMatch(policy, /unsafe|\*|https?:/)
    assert.equal(response.headers.get('cache-control'), 'no-cache')
    const page = await response.text()
    assert.match(page, /<div id="root">/)
    assert.doesNotMatch(page, /<script(?![^>]*\bsrc="\/assets\/)|<style|https?:\/\//)
  }
  assert.equal((await fetch(`${fnscope.url}/nowhere`, { headers: browser })).status, 404)
})

test('assets have their content in their name and are kept for good', async () => {
  const page = await (await fetch(fnscope.url, { headers: browser })).text()
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(page)![1]!
  const response = await fetch(fnscope.url + script, { headers: { 'accept-encoding': 'gzip' } })
  assert.equal(response.headers.get('cache-control'), 'public, max-age=31536000, immutable')
  assert.equal(response.headers.get('content-encoding'), 'gzip')
  assert.match(response.headers.get('content-type')!, /^text\/javascript/)
  for (const path of ['/assets/none.js', '/assets/..%2findex.html', '/assets/..%2f..%2fpackage.json', '/assets/.stamp'])
    assert.equal((await fetch(fnscope.url + path)).status, 404, path)
})

test('programs get what is theirs at the same addresses', async () => {
  const scraped = await fetch(`${fnscope.url}/metrics`, { headers: { accept: 'text/plain' } })
  assert.match(await scraped.text(), /^# HELP fnscope_/)
  const api = await fetch(`${fnscope.url}/api/nothing`, { headers: browser })
  assert.equal(((await api.json()) as { error: { code: string } }).error.code, 'NotFoundException')
  const signed = await fetch(`${fnscope.url}/functions`, {
    headers: { ...browser, authorization: 'AWS4-HMAC-SHA256 Credential=x' },
  })
  assert.equal(signed.status, 404)
})

test('with a token a browser asks its user for it, as the password of any name', async () => {
  await using guarded = await startFnscope({ args: ['--token', 'open sesame'] })
  const asked = await fetch(guarded.url, { headers: browser })
  assert.equal(asked.status, 401)
  assert.match(asked.headers.get('www-authenticate')!, /^Basic realm=/)
  const authorization = `Basic ${Buffer.from('me:open sesame').toString('base64')}`
  for (const path of ['/', '/api/health'])
    assert.equal((await fetch(guarded.url + path, { headers: { ...browser, authorization } })).status, 200)
  const program = await fetch(`${guarded.url}/api/health`)
  assert.equal(program.headers.get('www-authenticate'), null)
})

test('without a build it says how to make one, and takes one that is made later', async () => {
  const dir = temporaryDir('console')
  const server = fastify()
  try {
    assert.equal(mountConsoleFiles(server, { dir }), false)
    const visit = async () => await server.inject({ url: '/traces', headers: browser })
    const missing = await visit()
    assert.equal(missing.statusCode, 503)
    assert.match(missing.body, /npm run build/)
    mkdirSync(join(dir, 'assets'))
    writeFileSync(join(dir, 'index.html'), '<p>built</p>')
    assert.equal((await visit()).body, '<p>built</p>')
  } finally {
    await server.close()
    rmSync(dir, { recursive: true })
  }
})
