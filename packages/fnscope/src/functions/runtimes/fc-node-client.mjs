// The runtime of Function Compute for Node handlers: asks fnscope for requests, runs the handler, answers. Plain JavaScript
// without dependencies: it runs under the function's own Node.
import { AsyncLocalStorage } from 'node:async_hooks'
import { createRequire } from 'node:module'
import { request } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { format } from 'node:util'

const API = takeVariable('_FNSCOPE_RUNTIME_API')
const EDITION = takeVariable('_FNSCOPE_FC_EDITION')
const CODE = process.env.FC_FUNC_CODE_PATH
const PREFIX = '/2018-06-01/runtime/invocation/'
/** Where requests come from that are served beside others. */
const SHARED = '/fnscope/fc/'
const LEVELS = { debug: 'debug', log: 'verbose', info: 'info', warn: 'warn', error: 'error' }

/** Of the request that runs: { id, prefix }. Of several at once each has its own. */
const running = new AsyncLocalStorage()
const requestId = () => (running.getStore() || { id: '' }).id
let lastHeaders
let initialized

function takeVariable(name) {
  const value = process.env[name]
  delete process.env[name]
  return value
}

/** @returns {Promise<{status: number, headers: object, body: Buffer}>} */
function ask(method, path, body, headers = {}) {
  const [host, port] = [API.slice(0, API.lastIndexOf(':')), API.slice(API.lastIndexOf(':') + 1)]
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, method, path, headers, agent: false }, (response) => {
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
      )
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

// As the cloud's lines look: time, request id, level, text.
function writeLine(level, args) {
  process.stdout.write(`${new Date().toISOString()} ${requestId()} [${level}] ${format(...args)}\n`)
}

const ORDER = ['debug', 'log', 'info', 'warn', 'error']
const logger = {
  level: 'debug',
  setLogLevel(level) {
    if (ORDER.includes(level)) this.level = level
  },
}
for (const [name, level] of Object.entries(LEVELS)) {
  console[name] = (...args) => writeLine(level, args)
  logger[name] = (...args) => {
    if (ORDER.indexOf(name) >= ORDER.indexOf(logger.level)) writeLine(level, args)
  }
}

function parseBaggages(encoded) {
  if (!encoded) return {}
  try {
    return JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'))
  } catch {
    return {}
  }
}

function contextOf(headers) {
  const read = (name) => headers[`x-fc-${name}`] || ''
  return {
    requestId: read('request-id'),
    credentials: {
      accessKeyId: read('access-key-id'),
      accessKeySecret: read('access-key-secret'),
      securityToken: read('security-token'),
    },
    function: {
      name: read('function-name'),
      handler: read('function-handler'),
      memory: Number(read('function-memory')),
      timeout: Number(read('function-timeout')),
      initializer: read('function-initializer'),
      initializationTimeout: Number(read('initialization-timeout')),
    },
    service: {
      name: read('service-name'),
      logProject: read('service-logproject'),
      logStore: read('service-logstore'),
      qualifier: read('qualifier'),
      versionId: read('version-id'),
    },
    region: read('region'),
    accountId: read('account-id'),
    instanceId: read('instance-id'),
    retryCount: Number(read('retry-count')),
    logger,
    tracing: {
      openTracingSpanContext: read('tracing-opentracing-span-context'),
      jaegerEndpoint: read('tracing-jaeger-endpoint'),
      openTracingSpanBaggages: parseBaggages(read('tracing-opentracing-span-baggages')),
      parseOpenTracingBaggages: () => parseBaggages(read('tracing-opentracing-span-baggages')),
    },
  }
}

const found = new Map()

/** Handlers by name, as `index.handler` and `dir/index.handler`; each module is loaded at its first use. */
async function load(name) {
  const known = found.get(name)
  if (known) return known
  const dot = name.lastIndexOf('.')
  const module = await loadModule(join(CODE, name.slice(0, dot)))
  const handler = module[name.slice(dot + 1)] || (module.default && module.default[name.slice(dot + 1)])
  if (typeof handler !== 'function') throw new TypeError(`Handler ${name} is no function of its module`)
  found.set(name, handler)
  return handler
}

async function loadModule(path) {
  const require = createRequire(join(CODE, 'index.js'))
  let file
  try {
    file = require.resolve(path)
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error
    return await import(pathToFileURL(`${path}.mjs`).href)
  }
  try {
    return require(file)
  } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ESM' && error.code !== 'ERR_REQUIRE_ASYNC_MODULE') throw error
    return await import(pathToFileURL(file).href)
  }
}

/** Marks what a handler gave to its callback for an error. */
const HANDLED = Symbol('handled')
const errorOf = (thrown) => (isHandled(thrown) ? thrown[HANDLED] : thrown)
const isHandled = (thrown) => typeof thrown === 'object' && thrown !== null && HANDLED in thrown

/** The answer of a handler that returns a promise or calls back. */
function run(handler, args) {
  return new Promise((resolve, reject) => {
    const callback = (error, value) => {
      if (error) reject({ [HANDLED]: error })
      else resolve(value)
    }
    const returned = handler(...args, callback)
    if (returned && typeof returned.then === 'function') returned.then(resolve, reject)
  })
}

function toBytes(value) {
  if (value === undefined || value === null) return Buffer.alloc(0)
  if (Buffer.isBuffer(value)) return value
  if (value instanceof Uint8Array) return Buffer.from(value)
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
}

/** Handlers of HTTP functions take (req, resp, context) in edition 2; in 3 those that are written so. */
function takesResponse(handler) {
  if (EDITION === '2') return true
  return /^\s*(?:async\s*)?(?:function\b[^(]*)?\(?\s*req\w*\s*,\s*res\w*\s*,/.test(
    Function.prototype.toString.call(handler),
  )
}

function queriesOf(query) {
  const queries = {}
  for (const [name, value] of new URLSearchParams(query)) {
    if (!Object.prototype.hasOwnProperty.call(queries, name)) queries[name] = value
    else queries[name] = [].concat(queries[name], value)
  }
  return queries
}

function lowerHeaders(pairs) {
  const headers = {}
  for (const [name, value] of pairs) {
    const key = name.toLowerCase()
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value
  }
  return headers
}

function callHttp(handler, { http }, body, context) {
  const req = Readable.from(body.length === 0 ? [] : [body])
  const url = http.query === '' ? http.path : `${http.path}?${http.query}`
  Object.assign(req, {
    path: decodeURIComponent(http.path),
    queries: queriesOf(http.query),
    headers: lowerHeaders(http.headers),
    method: http.method,
    url,
    clientIP: http.clientIp,
    httpVersion: '1.1',
  })
  return new Promise((resolve, reject) => {
    let status = 200
    const headers = new Map()
    const answer = (bytes) => resolve({ head: { http: { status, headers: pairsOf(headers) } }, body: bytes })
    const resp = {
      setStatusCode: (code) => void (status = code),
      setHeader: (name, value) => void headers.set(name.toLowerCase(), [name, value]),
      getHeader: (name) => (headers.get(name.toLowerCase()) || [])[1],
      deleteHeader: (name) => void headers.delete(name.toLowerCase()),
      hasHeader: (name) => headers.has(name.toLowerCase()),
      send(content) {
        if (!content || typeof content.pipe !== 'function') return answer(toBytes(content))
        const chunks = []
        content.on('data', (chunk) => chunks.push(Buffer.from(chunk)))
        content.on('end', () => answer(Buffer.concat(chunks)))
        content.on('error', reject)
      },
    }
    Promise.resolve()
      .then(() => handler(req, resp, context))
      .catch(reject)
  })
}

function pairsOf(headers) {
  const pairs = []
  for (const [name, value] of headers.values()) for (const one of [].concat(value)) pairs.push([name, String(one)])
  return pairs
}

/** What an HTTP trigger of edition 3 hands to an event handler. */
function httpEvent({ http }, body, context) {
  const text = body.toString('utf8')
  const encoded = !Buffer.from(text).equals(body)
  const headers = {}
  for (const [name, value] of Object.entries(lowerHeaders(http.headers)))
    headers[name.replace(/(^|-)[a-z]/g, (part) => part.toUpperCase())] = value
  const path = decodeURIComponent(http.path)
  const host = headers.Host || ''
  const now = new Date()
  const queryParameters = Object.fromEntries(new URLSearchParams(http.query))
  return Buffer.from(
    JSON.stringify({
      version: 'v1',
      rawPath: path,
      body: encoded ? body.toString('base64') : text,
      isBase64Encoded: encoded,
      headers,
      queryParameters,
      requestContext: {
        accountId: context.accountId,
        domainName: host,
        domainPrefix: host.split('.')[0],
        http: {
          method: http.method,
          path,
          protocol: 'HTTP/1.1',
          sourceIp: http.clientIp,
          userAgent: headers['User-Agent'] || '',
        },
        requestId: context.requestId,
        time: now.toISOString().replace(/\.\d+Z$/, 'Z'),
        timeEpoch: String(now.getTime()),
      },
    }),
  )
}

async function hook(name, context) {
  if (name) await run(await load(name), [context])
}

/** @returns {Promise<{head: object, body: Buffer}>} */
async function answerTo(head, body) {
  const { headers } = head
  const context = contextOf(headers)
  const control = headers['x-fc-control-path']
  const nothing = { head: {}, body: Buffer.alloc(0) }
  if (head.idle) return nothing
  if (control === '/pre-freeze') {
    await hook(headers['x-fc-instance-lifecycle-pre-freeze-handler'], context)
    return nothing
  }
  // A process that died while it was idle has a successor that nobody has initialized yet.
  initialized = initialized || hook(headers['x-fc-function-initializer'], context)
  await initialized.catch((error) => {
    initialized = undefined
    throw error
  })
  if (control === '/initialize') return nothing
  const handler = await load(headers['x-fc-function-handler'])
  if (!head.http) return { head: {}, body: toBytes(await run(handler, [body, context])) }
  if (takesResponse(handler)) return await callHttp(handler, head, body, context)
  return { head: {}, body: toBytes(await run(handler, [httpEvent(head, body, context), context])) }
}

function errorBody(thrown) {
  const error = errorOf(thrown)
  if (!(error instanceof Error)) return { errorMessage: typeof error === 'string' ? error : JSON.stringify(error) }
  const stackTrace = (error.stack || '')
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
  return { errorMessage: error.message, errorType: error.name, stackTrace }
}

async function report(thrown) {
  const error = errorOf(thrown)
  writeLine('error', [error instanceof Error ? error.stack : error])
  const type = isHandled(thrown) ? 'HandledInvocationError' : 'UnhandledInvocationError'
  const { id, prefix } = running.getStore()
  await ask('POST', `${prefix}${id}/error`, JSON.stringify(errorBody(thrown)), {
    'Lambda-Runtime-Function-Error-Type': `Function.${type}`,
  })
}

// What nobody waits for ends the invocation that runs, and the process: its state is no longer known.
async function onUncaught(thrown) {
  try {
    if (requestId() !== '') await report(thrown)
  } finally {
    process.exit(1)
  }
}

/** Runs one request, by the address that it came from. */
async function handle(next, prefix) {
  const length = next.body.readUInt32BE(0)
  const head = JSON.parse(next.body.toString('utf8', 4, 4 + length))
  lastHeaders = head.headers
  if (head.shared) {
    head.idle = true
    await share()
  }
  const id = next.headers['lambda-runtime-aws-request-id']
  await running.run({ id, prefix }, async () => {
    let answer
    try {
      answer = await answerTo(head, next.body.subarray(4 + length))
    } catch (error) {
      await report(error)
      return
    }
    const json = Buffer.from(JSON.stringify(answer.head))
    const size = Buffer.alloc(4)
    size.writeUInt32BE(json.length)
    await ask('POST', `${prefix}${id}/response`, Buffer.concat([size, json, answer.body]))
  })
}

/** Requests that come while others run, until there are no more. */
async function share() {
  const all = new Set()
  for (;;) {
    const next = await ask('GET', `${SHARED}next`)
    if (next.status === 204) break
    const one = handle(next, SHARED).finally(() => all.delete(one))
    all.add(one)
  }
  await Promise.all(all)
}

async function serve() {
  for (;;) await handle(await ask('GET', `${PREFIX}next`), PREFIX)
}

let stopping = false
async function stop() {
  if (stopping) return
  stopping = true
  const name = lastHeaders && lastHeaders['x-fc-instance-lifecycle-pre-stop-handler']
  if (name) {
    const id = lastHeaders['x-fc-request-id']
    process.stdout.write(`FC PreStop Start RequestId: ${id}\n`)
    await hook(name, contextOf(lastHeaders)).catch((error) => writeLine('error', [error]))
    process.stdout.write(`FC PreStop End RequestId: ${id}\n`)
  }
  process.exit(0)
}

process.on('SIGTERM', stop)
process.on('uncaughtException', onUncaught)
process.on('unhandledRejection', onUncaught)
// fnscope closed its side: this instance has had its last request.
serve().catch(stop)
