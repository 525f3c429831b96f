// The command line's way to a running fnscope: HTTP to FNSCOPE_URL, else to the default address.
import { DEFAULT_PORT } from '../config.ts'
import { FnscopeError, messageOf } from '../errors.ts'

export interface Client {
  readonly url: string
  /** GET of fnscope's own JSON. @throws FnscopeError FNS_NOT_RUNNING, FNS_USAGE (its refusal, in its words) */
  get<Answer>(path: string): Promise<Answer>
  /** Any request; the caller reads status and body. */
  send(path: string, init: RequestInit): Promise<Response>
}

/** Locally any credentials do; an Authorization header shows that no web page sent the request. */
const LOCAL_AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=fnscope/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=local'

export function createClient(
  env: NodeJS.ProcessEnv,
  url = env['FNSCOPE_URL'] || `http://127.0.0.1:${DEFAULT_PORT}`,
): Client {
  const token = env['FNSCOPE_TOKEN']
  const authorization = token === undefined || token === '' ? LOCAL_AUTHORIZATION : `Bearer ${token}`
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = { authorization, ...(init.headers as Record<string, string> | undefined) }
    try {
      return await fetch(new URL(path, url), { ...init, headers })
    } catch (error) {
      const hint = env['FNSCOPE_URL']
        ? 'FNSCOPE_URL names it; check the address'
        : 'start it with `fnscope up`, or set FNSCOPE_URL'
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
      throw new FnscopeError('FNS_NOT_RUNNING', `No fnscope answers at ${url} (${messageOf(cause)}): ${hint}.`, {
        cause: error,
      })
    }
  }
  return {
    url,
    send,
    async get<Answer>(path: string): Promise<Answer> {
      const response = await send(path, { method: 'GET' })
      const body = (await response.json().catch(() => undefined)) as Answer & {
        readonly error?: { readonly message?: string }
      }
      if (!response.ok)
        throw new FnscopeError('FNS_USAGE', body?.error?.message ?? `${url}${path} answered ${response.status}.`)
      return body
    },
  }
}
