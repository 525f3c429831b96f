// What a caller is told whom an authorizer does not let pass: REST APIs and HTTP APIs have words of their own.
import { createHash } from 'node:crypto'
import { gatewayError, NO_ROUTE, type ProxyResponse } from '../../functions/triggers/gateway-answer.ts'

export interface Refusals {
  /** No identity, or one that is no good. */
  readonly unauthorized: ProxyResponse
  /** No policy allows it. */
  readonly forbidden: ProxyResponse
  /** A policy denies it. */
  readonly denied: ProxyResponse
  /** The authorizer failed, or answered something else. */
  readonly broken: ProxyResponse
}

const upper = (message: string): ProxyResponse => ({
  status: 403,
  headers: { 'Content-Type': ['application/json'], 'x-amzn-ErrorType': ['AccessDeniedException'] },
  body: Buffer.from(JSON.stringify({ Message: message })),
})

const plain = (status: number, message: string): ProxyResponse => ({
  status,
  headers: { 'Content-Type': ['application/json'] },
  body: Buffer.from(JSON.stringify({ message })),
})

/** A Cognito token of a REST API that was good once. */
export const EXPIRED = gatewayError(401, 'The incoming token has expired', 'UnauthorizedException')

/** A JWT of an HTTP API: why, as RFC 6750 has it. @param problem absent: there is no token */
export function challenged(
  refusal: ProxyResponse,
  problem?: {
    readonly error: 'invalid_token' | 'insufficient_scope'
    readonly description?: string
    readonly scopes: readonly string[]
  },
): ProxyResponse {
  const parts =
    problem === undefined
      ? []
      : [
          `scope="${problem.scopes.join(' ')}"`,
          `error="${problem.error}"`,
          ...(problem.description === undefined ? [] : [`error_description="${problem.description}"`]),
        ]
  return { ...refusal, headers: { ...refusal.headers, 'www-authenticate': [['Bearer', ...parts].join(' ')] } }
}

/** A REST API, where nothing or a signature is wanted: an Authorization header is read as one, whatever it is. */
export function unsigned(authorization: string | undefined): ProxyResponse {
  const [, rest = ''] = /^\S+\s+(.*)$/.exec(authorization ?? '') ?? []
  const piece = rest === '' ? (authorization ?? '') : rest
  if (piece === '' || piece.includes('=')) return NO_ROUTE
  const hash = createHash('sha256').update(piece).digest('base64')
  return gatewayError(
    403,
    `Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '${hash}'.`,
    'IncompleteSignatureException',
  )
}

export function refusals(api: 'rest' | 'http'): Refusals {
  if (api === 'rest')
    return {
      unauthorized: gatewayError(401, 'Unauthorized', 'UnauthorizedException'),
      forbidden: upper('User is not authorized to access this resource'),
      denied: upper('User is not authorized to access this resource with an explicit deny'),
      broken: {
        status: 500,
        headers: { 'Content-Type': ['application/json'], 'x-amzn-ErrorType': ['AuthorizerConfigurationException'] },
        body: Buffer.from('{"message":null}'),
      },
    }
  const forbidden = plain(403, 'Forbidden')
  return {
    unauthorized: plain(401, 'Unauthorized'),
    forbidden,
    denied: forbidden,
    broken: plain(500, 'Internal Server Error'),
  }
}
