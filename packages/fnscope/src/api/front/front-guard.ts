// Who may call a front: programs on this machine, and web pages only as the template's CORS says. The Host check keeps a
// page whose name was pointed at loopback (DNS rebinding) out.
import type { IncomingHttpHeaders } from 'node:http'
import { hostName, isLoopbackName } from '../../http/host-guard.ts'
import type { FrontKind } from './front-exchange.ts'

export interface Refusal {
  /** Label of the counter. */
  readonly reason: 'host' | 'origin' | 'cross_site'
  readonly message: string
}

/** Undefined when the request may pass. `host` is what the listener is bound to. */
export function refuses(
  headers: IncomingHttpHeaders,
  kind: Pick<FrontKind, 'id' | 'cloudHost' | 'allowsOrigin'>,
  host: string,
): Refusal | undefined {
  const name = hostName(headers.host)
  if (name === undefined || !(isLoopbackName(name) || name === host || isCloudName(name, kind))) {
    return {
      reason: 'host',
      message: `fnscope: Host ${JSON.stringify(headers.host ?? '')} is not this API's; use 127.0.0.1 or localhost`,
    }
  }
  const { origin } = headers
  if (kind.allowsOrigin(origin)) return undefined
  if (origin !== undefined) {
    if (origin.toLowerCase() === `http://${(headers.host ?? '').toLowerCase()}`) return undefined
    return {
      reason: 'origin',
      message: `fnscope: a page of ${JSON.stringify(origin)} may not call this API; allow it by Cors in the template`,
    }
  }
  return refuseSite(headers)
}

/** The API's name on the cloud, whole: a prefix alone could be a label of anybody's domain. */
function isCloudName(name: string, { id, cloudHost }: Pick<FrontKind, 'id' | 'cloudHost'>): boolean {
  const label = `${id.toLowerCase()}.`
  return name.startsWith(label) && cloudHost.test(name.slice(label.length))
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
