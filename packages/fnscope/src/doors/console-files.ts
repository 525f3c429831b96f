// The console's files on the main port. A browser that follows a link or an address gets the console there, whatever
// else has that path for programs (GET /metrics is Prometheus' too); everybody else gets what was there before.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Where `npm run build` puts it. */
const BUILT = fileURLToPath(new URL('../../../ui/dist', import.meta.url))
export const NO_CONSOLE = 'The console is not built: npm run build (in the checkout) makes it, while fnscope runs too.'

/** First parts of the console's own addresses. */
const PAGES = new Set(['', 'traces', 'trace', 'map', 'functions', 'logs', 'metrics', 'doctor', 'settings'])

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Nothing of another host, nothing inline, no frame around it. Pictures of the map are drawn from blobs. */
const HEADERS = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
} as const

interface ConsoleFile {
  readonly type: string
  readonly plain: Buffer
  readonly gzip: Buffer
}

export interface ConsoleFilesOptions {
  /** The folder of a build; tests have their own. */
  readonly dir?: string
}

/** Adds the routes; false when nothing was built yet, which is looked for again at each visit. */
export function mountConsoleFiles(server: FastifyInstance, { dir = BUILT }: ConsoleFilesOptions = {}): boolean {
  const files = new Map<string, ConsoleFile>()
  const read = (path: string): ConsoleFile | undefined => {
    const known = files.get(path)
    if (known !== undefined) return known
    const type = TYPES[extname(path)]
    // Of what was built and of nothing else: no path of a request reaches the disk.
    if (type === undefined || !builtFiles(dir).has(path)) return undefined
    const plain = readFileSync(join(dir, path))
    const file = { type, plain, gzip: gzipSync(plain) }
    // A page may change under a running fnscope, an asset has its content in its name.
    if (path.startsWith('assets/')) files.set(path, file)
    return file
  }
  server.addHook('onRequest', (request, reply, done) => {
    if (!isVisit(request)) return done()
    const known = isPage(request)
    if (!known && !request.is404) return done()
    const page = read('index.html')
    void reply.headers(HEADERS).header('cache-control', 'no-cache').header('vary', 'Accept, Accept-Encoding')
    if (page === undefined) void reply.code(503).type('text/plain; charset=utf-8').send(`${NO_CONSOLE}\n`)
    else void send(request, reply.code(known ? 200 : 404), page)
  })
  server.get('/assets/:name', (request, reply) => {
    const file = read(`assets/${(request.params as { readonly name: string }).name}`)
    if (file === undefined) return reply.callNotFound()
    void reply.headers(HEADERS).header('cache-control', 'public, max-age=31536000, immutable')
    return send(request, reply.header('vary', 'Accept-Encoding'), file)
  })
  server.get('/favicon.svg', (request, reply) => {
    const file = read('favicon.svg')
    return file === undefined ? reply.callNotFound() : send(request, reply.headers(HEADERS), file)
  })
  return existsSync(join(dir, 'index.html'))
}

function builtFiles(dir: string): ReadonlySet<string> {
  if (!existsSync(dir)) return new Set()
  const assets = join(dir, 'assets')
  const named = existsSync(assets) ? readdirSync(assets).map((name) => `assets/${name}`) : []
  return new Set([...readdirSync(dir), ...named])
}

/** A page is wanted, by somebody who reads it: no signed request, and none to an API. */
function isVisit({ method, headers, url }: FastifyRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  if (!(headers.accept ?? '').includes('text/html')) return false
  if ((headers.authorization ?? '').startsWith('AWS') || /[?&]X-Amz-/.test(url)) return false
  return !/^\/(api\/|20\d\d-\d\d-\d\d\/)/.test(url)
}

function isPage({ url }: FastifyRequest): boolean {
  return PAGES.has(/^\/([^/?#]*)/.exec(url)?.[1] ?? '')
}

function send(request: FastifyRequest, reply: FastifyReply, file: ConsoleFile): FastifyReply {
  const zipped = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
  void reply.type(file.type)
  return zipped ? reply.header('content-encoding', 'gzip').send(file.gzip) : reply.send(file.plain)
}
