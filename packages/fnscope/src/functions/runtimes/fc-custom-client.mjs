// Custom runtimes of Function Compute: starts the user's HTTP server, waits until it listens, and hands it each request that
// fnscope has for it, as the cloud does. Arguments: the port it is expected on, then its command.
import { spawn } from 'node:child_process'
import { request } from 'node:http'
import { connect, createServer } from 'node:net'

const API = process.env._FNSCOPE_RUNTIME_API
const PREFIX = '/2018-06-01/runtime/invocation/'
/** Where requests come from that are served beside others. */
const SHARED = '/fnscope/fc/'
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'proxy-connection', 'te'])
const POLL_MS = 10

const [wantedPort, command, ...args] = process.argv.slice(2)

/** @returns {Promise<{status: number, raw: string[], headers: object, body: Buffer}>} */
function ask(host, port, options, body) {
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, agent: false, ...options }, (response) => {
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => {
        const { statusCode: status, rawHeaders: raw, headers } = response
        resolve({ status, raw, headers, body: Buffer.concat(chunks) })
      })
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const colon = API.lastIndexOf(':')
const askPlatform = (method, path, body, headers = {}) =>
  ask(API.slice(0, colon), API.slice(colon + 1), { method, path, headers }, body)

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => resolve(true) || socket.destroy())
    socket.once('error', () => resolve(false))
  })
}

/** Another instance may be on the port already: here all of them share one machine. */
function freePort(wanted) {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', () => (wanted === 0 ? reject(new Error('no port is free')) : resolve(freePort(0))))
    server.listen(wanted, '0.0.0.0', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

const port = await freePort(Number(wantedPort))
const { _FNSCOPE_RUNTIME_API: _, ...env } = process.env
const child = spawn(command, args, {
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...env, FC_SERVER_PORT: String(port), FC_CUSTOM_LISTEN_PORT: String(port) },
})
let stopping = false
const ended = new Promise((resolve) => {
  child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGTERM' ? 143 : 137)))
  child.once('error', (error) => {
    process.stderr.write(`${command} cannot be started: ${error.message}\n`)
    resolve(127)
  })
})
void ended.then((code) => stopping || process.exit(code))

while (!(await listens(port))) await new Promise((resolve) => setTimeout(resolve, POLL_MS))

const CONTROL = {
  '/initialize': { method: 'POST', path: '/initialize' },
  '/invoke': { method: 'POST', path: '/invoke' },
  '/pre-freeze': { method: 'GET', path: '/pre-freeze' },
  '/pre-stop': { method: 'GET', path: '/pre-stop' },
}

function toProgram({ headers, http }, body) {
  if (!http) {
    const own = { ...headers, 'content-type': 'application/octet-stream', 'content-length': body.length }
    return ask('127.0.0.1', port, { ...CONTROL[headers['x-fc-control-path']], headers: own }, body)
  }
  const own = ['Content-Length', String(body.length)]
  const kept = http.headers.filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && !/^content-length$/i.test(name))
  if (!kept.some(([name]) => /^host$/i.test(name))) own.push('Host', `127.0.0.1:${port}`)
  for (const [name, value] of kept) own.push(name, value)
  for (const [name, value] of Object.entries(headers)) own.push(name, value)
  const path = http.query === '' ? http.path : `${http.path}?${http.query}`
  return ask('127.0.0.1', port, { method: http.method, path, headers: own }, body)
}

function answerHead(head, answer) {
  if (!head.http) return {}
  const headers = []
  for (let i = 0; i < answer.raw.length; i += 2)
    if (!HOP_BY_HOP.has(answer.raw[i].toLowerCase())) headers.push([answer.raw[i], answer.raw[i + 1]])
  return { http: { status: answer.status, headers } }
}

function parse(body) {
  const length = body.readUInt32BE(0)
  return { head: JSON.parse(body.toString('utf8', 4, 4 + length)), body: body.subarray(4 + length) }
}

const NOTHING = { headers: {}, raw: [], status: 200, body: Buffer.alloc(0) }

/** @param prefix where the request came from, and its answer goes */
async function answerTo({ head, body }, id, prefix) {
  // A program that closes the connection is about to end: how it ends is the answer.
  const answer = head.idle ? NOTHING : await toProgram(head, body).catch(() => undefined)
  if (answer === undefined) {
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1000))])
    process.exit(1)
  }
  const failed = !head.http && (answer.status >= 400 || Number(answer.headers['x-fc-status'] || 200) >= 400)
  if (failed) {
    await askPlatform('POST', `${prefix}${id}/error`, answer.body, {
      'Lambda-Runtime-Function-Error-Type': 'Function.UnhandledInvocationError',
    })
    return
  }
  const json = Buffer.from(JSON.stringify(answerHead(head, answer)))
  const size = Buffer.alloc(4)
  size.writeUInt32BE(json.length)
  await askPlatform('POST', `${prefix}${id}/response`, Buffer.concat([size, json, answer.body]))
}

/** Requests that come while others run, until there are no more. */
async function share() {
  const running = new Set()
  for (;;) {
    const next = await askPlatform('GET', `${SHARED}next`)
    if (next.status === 204) break
    const id = next.headers['lambda-runtime-aws-request-id']
    const one = answerTo(parse(next.body), id, SHARED).finally(() => running.delete(one))
    running.add(one)
  }
  await Promise.all(running)
}

let last
async function serve() {
  for (;;) {
    const next = await askPlatform('GET', `${PREFIX}next`)
    const request = parse(next.body)
    last = request.head.headers
    if (request.head.shared) await share()
    const idle = request.head.shared || request.head.idle
    const id = next.headers['lambda-runtime-aws-request-id']
    await answerTo(idle ? { head: { ...request.head, idle } } : request, id, PREFIX)
  }
}

async function stop() {
  if (stopping) return
  stopping = true
  if (last && last['x-fc-instance-lifecycle-pre-stop-handler']) {
    const id = last['x-fc-request-id']
    process.stdout.write(`FC PreStop Start RequestId: ${id}\n`)
    const headers = { ...last, 'x-fc-control-path': '/pre-stop', 'x-fc-function-type': '2' }
    await toProgram({ headers }, Buffer.alloc(0)).catch(() => undefined)
    process.stdout.write(`FC PreStop End RequestId: ${id}\n`)
  }
  child.kill('SIGTERM')
  process.exit(await ended)
}

process.on('SIGTERM', stop)
serve().catch(stop)
