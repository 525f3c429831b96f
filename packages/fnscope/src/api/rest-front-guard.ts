// Who may call a REST front: programs on this machine, and web pages only as the template's CORS says. The Host check
// keeps a page whose name was pointed at loopback (DNS rebinding) out.
import type { IncomingHttpHeaders } from 'node:http'
import type { RestApiSpec } from '../functions/trigger-spec.ts'
import { hostName, isLoopbackName } from '../http/host-guard.ts'

export interface Refusal {
  /** Label of the counter. */
  readonly reason: 'host' | 'origin' | 'cross_site'
  readonly message: string
}

/** Undefined when the request may pass. `host` is what the listener is bound to. */
export function refuses(
  headers: IncomingHttpHeaders,
  api: Pick<RestApiSpec, 'apiId' | 'cors'>,
  host: string,
): Refusal | undefined {
  const name = hostName(headers.host)
  if (name === undefined || !(isLoopbackName(name) || name === host || isCloudName(name, api.apiId))) {
    return {
      reason: 'host',
      message: `fnscope: Host ${JSON.stringify(headers.host ?? '')} is not this API's; use 127.0.0.1 or localhost`,
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
      message: `fnscope: a page of ${JSON.stringify(origin)} may not call this API; allow it by Cors in the template`,
    }
  }
  return refuseSite(headers)
}

/** The API's name on the cloud, whole: a prefix alone could be a label of anybody's domain. */
function isCloudName(name: string, apiId: string): boolean {
  const label = `${apiId.toLowerCase()}.execute-api.`
  return name.startsWith(label) && /^[a-z0-9-]+\.amazonaws\.com(\.cn)?$/.test(name.slice(label.length))
}

/**
 * Browsers leave Origin out of plain GETs, an <img> for one, but say where those come from. `same-site` is a page on
 * another port of this machine; a link there that the user clicked may open this API, as the console's do.
 */
function refuseSite(headers: IncomingHttpHeaders): Refusal | undefined {
  const site = headers['sec-fetch-site']
  if (site !== 'cross-site' && site !== 'same-site') return undefined
  const clicked =
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document' &&
    headers['sec-fetch-user'] === '?1'
  if (site === 'same-site' && clicked) return undefined
  return {
    reason: 'cross_site',
    message: 'fnscope: a page of another site may not call this API; allow it by Cors in the template',
  }
}
