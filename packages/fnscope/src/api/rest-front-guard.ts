// Who may call a REST front: programs on this machine, and web pages only as the template's CORS says. The Host check
// keeps a page whose name was pointed at loopback (DNS rebinding) out.
import type { IncomingHttpHeaders } from 'node:http'
import type { RestApiSpec } from '../functions/function-spec.ts'

export interface Refusal {
  /** Label of the counter. */
  readonly reason: 'host' | 'origin'
  readonly message: string
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** Undefined when the request may pass. `host` is what the listener is bound to. */
export function refuses(
  headers: IncomingHttpHeaders,
  api: Pick<RestApiSpec, 'apiId' | 'cors'>,
  host: string,
): Refusal | undefined {
  const name = (headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
  const known = LOOPBACK.has(name) || name === host || name.startsWith(`${api.apiId}.execute-api.`)
  if (!known) {
    return {
      reason: 'host',
      message: `fnscope: Host ${name || '(none)'} is not this API's; use 127.0.0.1 or localhost`,
    }
  }
  const allowed = api.cors?.allowOrigin
  if (allowed === '*') return undefined
  const { origin } = headers
  if (origin !== undefined) {
    const same = origin.toLowerCase() === `http://${(headers.host ?? '').toLowerCase()}`
    if (same || origin === allowed) return undefined
    return {
      reason: 'origin',
      message: `fnscope: a page of ${origin} may not call this API; allow it by Cors in the template`,
    }
  }
  // Browsers leave Origin out of plain GETs, an <img> for one, but say where those come from.
  if (headers['sec-fetch-site'] === 'cross-site') {
    return {
      reason: 'origin',
      message: 'fnscope: a page of another site may not call this API; allow it by Cors in the template',
    }
  }
  return undefined
}
