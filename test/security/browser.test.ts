// A real browser on pages of other origins, each trying all a page can: nothing reaches a function or comes back.
// Needs Chromium (CHROMIUM names it; apt-get install chromium); skips, and says so, without one.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { counted, send } from '../raw-http.ts'
import { APPS, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const skip = existsSync(CHROMIUM) ? false : `SKIPPED: no browser at ${CHROMIUM}; set CHROMIUM or install one`

let fnscope: StartedFnscope

before(async () => {
  if (skip === false) fnscope = await startFnscope({ app: join(APPS, 'guarded') })
})

after(async () => {
  if (skip === false) await fnscope[Symbol.asyncDispose]()
})

/** Tries everything against `targets`, reports what it could read, then says that it is done. */
function attackPage(targets: Readonly<Record<'main' | 'tcp' | 'front', string>>): string {
  const seconds = Math.floor(Date.now() / 1000)
  const trace = `1-${seconds.toString(16)}-eeeeeeeeeeeeeeeeeeeeeeee`
  const document = { name: 'foreign', id: 'eeeeeeeeeeeeeeee', trace_id: trace, start_time: seconds, end_time: seconds }
  const segments = JSON.stringify({ TraceSegmentDocuments: [JSON.stringify(document)] })
  const invoke = '/2015-03-31/functions/MarkFunction/invocations'
  return `<!doctype html><title>attack</title><body><script type="module">
const { main, tcp, front } = ${JSON.stringify(targets)}
const segments = ${JSON.stringify(segments)}
const invoke = ${JSON.stringify(invoke)}
const read = []
const tried = []
const calls = [
  [main + '/api/logs'], [main + '/api/health'], [main + '/metrics'], [main + '/2015-03-31/functions/'],
  [main + '/TraceSegments', segments], [main + '/Traces', '{}'], [main + invoke, '{"mark":"page"}'], [main + '/api/apps', '{"dir":"/"}'],
  [tcp + '/TraceSegments', segments], [tcp + '/GetSamplingRules', '{}'],
  [front + '/mark'], [front + '/mark', '{"mark":"page"}'],
]
for (const [url, body] of calls) {
  const method = body === undefined ? 'GET' : 'POST'
  for (const init of [
    { mode: 'cors' }, { mode: 'no-cors' }, { mode: 'cors', credentials: 'include' },
    { mode: 'cors', headers: { authorization: 'Bearer any' } },
    { mode: 'cors', headers: { 'content-type': 'application/json' } },
    { mode: 'no-cors', referrerPolicy: 'no-referrer' },
  ]) {
    try {
      const answer = await fetch(url, { ...init, method, body })
      const text = await answer.text()
      if (text !== '') read.push(url + ' ' + text.slice(0, 80))
      tried.push(url)
    } catch { tried.push(url) }
  }
  navigator.sendBeacon(url, body)
}
for (const tag of ['img', 'script', 'iframe', 'video', 'object', 'embed']) {
  for (const url of [front + '/mark', main + '/api/logs', main + '/metrics']) {
    const element = document.createElement(tag)
    element[tag === 'object' ? 'data' : 'src'] = url
    const settled = new Promise((resolve) => { element.onload = element.onerror = resolve; setTimeout(resolve, 500) })
    document.body.append(element)
    await settled
    if (tag === 'img' && element.naturalWidth > 0) read.push('img ' + url)
  }
}
for (const enctype of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
  for (const url of [main + '/TraceSegments', main + invoke, tcp + '/TraceSegments', front + '/mark']) {
    const frame = document.createElement('iframe')
    frame.name = 'f' + Math.random()
    document.body.append(frame)
    const form = document.createElement('form')
    Object.assign(form, { method: 'post', action: url, enctype, target: frame.name })
    const input = document.createElement('input')
    Object.assign(input, { name: segments.slice(0, -1) + ',"a":"', value: '"}' })
    form.append(input)
    document.body.append(form)
    const settled = new Promise((resolve) => { frame.onload = resolve; setTimeout(resolve, 500) })
    form.submit()
    await settled
    try { if (frame.contentDocument?.body?.textContent) read.push('form ' + url) } catch {}
  }
}
for (const url of [main + '/', tcp + '/', front + '/mark']) {
  await new Promise((resolve) => {
    const socket = new WebSocket(url.replace('http', 'ws'))
    socket.onopen = () => { read.push('websocket ' + url); resolve() }
    socket.onerror = socket.onclose = resolve
  })
}
await fetch('/done', { method: 'POST', body: JSON.stringify({ read, tried: tried.length }) })
</script>`
}

interface Outcome {
  readonly read: readonly string[]
  readonly tried: number
}

/** Serves the page, opens it in the browser under `hostname`, and waits for its word. */
async function visit(hostname: string, frame: boolean): Promise<Outcome> {
  const outcome = Promise.withResolvers<Outcome>()
  const page = attackPage({
    main: fnscope.url,
    tcp: `http://${fnscope.doors['xray-daemon']}`,
    front: fnscope.apps[0]!.urls['PrivateUrl']!,
  })
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (part: string) => (text += part))
    request.once('end', () => {
      // A sandboxed frame's origin is null, so its report is a request of another origin.
      response.setHeader('access-control-allow-origin', '*')
      if (request.url === '/done') outcome.resolve(JSON.parse(text) as Outcome)
      response.setHeader('content-type', 'text/html')
      const framed = frame && request.url === '/'
      response.end(framed ? '<iframe sandbox="allow-scripts allow-forms" src="/inner"></iframe>' : page)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const profile = temporaryDir('browser')
  const browser = spawn(
    CHROMIUM,
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--no-proxy-server',
      `--user-data-dir=${profile}`,
      '--remote-debugging-port=0',
      `http://${hostname}:${port}/`,
    ],
    { stdio: 'ignore', detached: true },
  )
  const late = setTimeout(() => outcome.reject(new Error('the page never said that it was done')), 200_000)
  try {
    return await outcome.promise
  } finally {
    clearTimeout(late)
    const ended = once(browser, 'exit')
    process.kill(-browser.pid!, 'SIGKILL')
    await ended
    server.closeAllConnections()
    server.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

for (const [what, hostname, frame] of [
  ['127.0.0.1 on another port', '127.0.0.1', false],
  ['localhost on another port', 'localhost', false],
  ['a sandboxed frame', '127.0.0.1', true],
] as const) {
  test(`a page of ${what} invokes nothing, stores nothing, reads nothing`, { skip, timeout: 240_000 }, async () => {
    const { read, tried } = await visit(hostname, frame)
    assert.equal(tried, 72, 'the page went through all of its calls')
    assert.deepEqual(read, [])
    const metrics = (await send(fnscope.url, { path: '/metrics' })).body
    assert.equal(counted(metrics, 'fnscope_invocations_total'), 0)
    assert.equal(counted(metrics, 'fnscope_received_total', { door: 'xray-api' }), 0)
    assert.ok(counted(metrics, 'fnscope_refused_requests_total') > 50, 'its requests did arrive')
  })
}
