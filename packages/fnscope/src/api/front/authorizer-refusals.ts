// What a caller is told whom an authorizer does not let pass: REST APIs and HTTP APIs have words of their own.
import { gatewayError, type ProxyResponse } from '../../functions/triggers/gateway-answer.ts'

export interface Refusals {
  /** No identity, or one that is no good. */
  readonly unauthorized: ProxyResponse
  /** No policy allows it. */
  readonly forbidden: ProxyResponse
  /** A policy denies it. */
  readonly denied: ProxyResponse
  /** IAM, without a signature. */
  readonly unsigned: ProxyResponse
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

export function refusals(api: 'rest' | 'http'): Refusals {
  if (api === 'rest')
    return {
      unauthorized: gatewayError(401, 'Unauthorized', 'UnauthorizedException'),
      forbidden: upper('User is not authorized to access this resource'),
      denied: upper('User is not authorized to access this resource with an explicit deny'),
      unsigned: gatewayError(403, 'Missing Authentication Token', 'MissingAuthenticationTokenException'),
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
    unsigned: forbidden,
    broken: plain(500, 'Internal Server Error'),
  }
}
