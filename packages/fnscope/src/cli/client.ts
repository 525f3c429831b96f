// The command line's way to a running fnscope: HTTP to FNSCOPE_URL, else to the default address.
import { DEFAULT_PORT } from '../config.ts'
import { printableLine } from './terminal.ts'
import { ERROR_CODES, FnscopeError, messageOf, type FnscopeErrorCode } from '../errors.ts'

export interface Client {
  readonly url: string
  /** GET of fnscope's own JSON. @throws FnscopeError FNS_NOT_RUNNING, or its refusal in its own code and words */
  get<Answer>(path: string): Promise<Answer>
  /** Any method with a JSON body, answered with JSON. @throws as get */
  ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer>
  /** Any request; the caller reads status and body. @throws FnscopeError FNS_NOT_RUNNING */
  send(path: string, init: RequestInit): Promise<Response>
}

/** Locally any credentials do; an Authorization header shows that no web page sent the request. */
const LOCAL_AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=fnscope/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=local'

/** FNSCOPE_URL, else this machine at the port that `fnscope up` would take. @throws FnscopeError FNS_USAGE */
export function instanceUrl(env: NodeJS.ProcessEnv): string {
  const named = env['FNSCOPE_URL']
  if (!named) return `http://127.0.0.1:${env['FNSCOPE_PORT'] || DEFAULT_PORT}`
  const url = URL.parse(named)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new FnscopeError('FNS_USAGE', `FNSCOPE_URL wants an address like http://127.0.0.1:4747, not "${named}".`)
  return url.href.replace(/\/$/, '')
}

export function createClient(env: NodeJS.ProcessEnv, url = instanceUrl(env)): Client {
  const token = env['FNSCOPE_TOKEN']
  const authorization = token === undefined || token === '' ? LOCAL_AUTHORIZATION : `Bearer ${token}`
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = { authorization, ...(init.headers as Record<string, string> | undefined) }
    try {
      const response = await fetch(`${url}${path}`, { ...init, headers })
      warnOfGaps(response.headers.get('x-fnscope-partial'))
      return response
    } catch (error) {
      throw notRunning(url, env, error)
    }
  }
  const ask = async <Answer>(method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await send(
      path,
      body === undefined
        ? { method }
        : { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
    )
    return await readAnswer<Answer>(response, `${url}${path.split('?')[0]}`)
  }
  return { url, send, ask, get: async (path) => await ask('GET', path) }
}

const warned = new Set<string>()

/** A part of the store is away: said once, where it does not mix with the answer. */
function warnOfGaps(gaps: string | null): void {
  if (gaps === null || warned.has(gaps)) return
  warned.add(gaps)
  process.stderr.write(`warning: not all that is stored can be read now, this answer lacks ${printableLine(gaps)}\n`)
}

function notRunning(url: string, env: NodeJS.ProcessEnv, error: unknown): FnscopeError {
  const hint = env['FNSCOPE_URL']
    ? 'FNSCOPE_URL names it; check the address'
    : 'start it with `fnscope up`, or set FNSCOPE_URL'
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  return new FnscopeError('FNS_NOT_RUNNING', `No fnscope answers at ${url} (${messageOf(cause)}): ${hint}.`, {
    cause: error,
  })
}

interface Refusal {
  /** A text where the route speaks as Prometheus does. */
  readonly error?: string | { readonly code?: string; readonly message?: string }
}

async function readAnswer<Answer>(response: Response, where: string): Promise<Answer> {
  const text = await response.text()
  const body = parseObject(text)
  if (response.ok && body !== undefined) return body as Answer
  const refusal: Refusal | undefined = body
  const said = refusal?.error ?? {}
  const { code, message } = typeof said === 'string' ? { message: said } : said
  if (response.ok || message === undefined)
    throw new FnscopeError(
      'FNS_NOT_RUNNING',
      `${where} answered ${response.status} and not as fnscope does: something else listens there. Set FNSCOPE_URL.`,
    )
  throw new FnscopeError(isErrorCode(code) ? code : 'FNS_REFUSED', message)
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function isErrorCode(code: string | undefined): code is FnscopeErrorCode {
  return (ERROR_CODES as readonly (string | undefined)[]).includes(code)
}
