// A web page of another origin must not drive a loopback server. Browsers say who asks in Origin and Sec-Fetch-*;
// SDKs and command lines send neither and pass.
import type { IncomingHttpHeaders } from 'node:http'

import type { Refusal } from './refusal.ts'

export interface OriginRequest {
  readonly method: string
  /** http or https. */
  readonly protocol: string
  readonly headers: IncomingHttpHeaders
}

/** Refuses what a page of another origin sends, but for a link followed or an address typed by the user. */
export function refuseOrigin(request: OriginRequest, allowedOrigins: readonly string[]): Refusal | undefined {
  const { origin, host } = request.headers
  if (origin !== undefined) {
    // `null` is a sandboxed frame or a file: anybody.
    if (origin === ownOrigin(request.protocol, host) || allowedOrigins.includes(origin)) return undefined
    return {
      status: 403,
      reason: 'origin',
      code: 'ForbiddenOrigin',
      message: `The Origin ${JSON.stringify(origin)} may not use this server.`,
    }
  }
  // An image or a script tag sends no Origin; cookies are of no use here, but a GET may act.
  const site = request.headers['sec-fetch-site']
  if ((site !== 'cross-site' && site !== 'same-site') || isTopLevelNavigation(request)) return undefined
  return {
    status: 403,
    reason: 'cross_site',
    code: 'ForbiddenOrigin',
    message: `A page of another site may not use this server (Sec-Fetch-Site: ${site}).`,
  }
}

function ownOrigin(protocol: string, host: string | undefined): string | undefined {
  // The URL class drops the scheme's own port, as browsers do in Origin.
  return URL.parse(`${protocol}://${host ?? ''}`)?.origin
}

function isTopLevelNavigation({ method, headers }: OriginRequest): boolean {
  const dest = headers['sec-fetch-dest']
  return method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && (dest === undefined || dest === 'document')
}
