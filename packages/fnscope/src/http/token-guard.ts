// The shared token of a server that listens wider than loopback, as each kind of client can send it.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

import type { Refusal } from './refusal.ts'

export interface TokenRequest {
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

/** Refuses a request without one of the tokens: `Authorization: Bearer`, the password of `Basic`, `x-fnscope-token`, or as AWS access key id. */
export function refuseToken(request: TokenRequest, tokens: readonly string[]): Refusal | undefined {
  if (candidates(request).some((candidate) => isToken(candidate, tokens))) return undefined
  return {
    status: 401,
    reason: 'token',
    code: 'UnrecognizedClientException',
    message: 'This server wants its token: Authorization: Bearer TOKEN, x-fnscope-token, or the AWS access key id.',
  }
}

/** Digests have one length, so that the comparison tells nothing of a token. */
export function isToken(candidate: string, tokens: readonly string[]): boolean {
  const given = digest(candidate)
  return tokens.some((token) => timingSafeEqual(given, digest(token)))
}

function candidates({ url, headers }: TokenRequest): string[] {
  const { authorization = '' } = headers
  const found = [
    headers['x-fnscope-token'],
    /^Bearer\s+(.+)$/i.exec(authorization)?.[1],
    basicPassword(authorization),
    // The key id ends at the first of the five parts `/date/region/service/aws4_request`; a token may hold slashes.
    /^AWS4-\S+\s.*?Credential=(.+?)\/\d{8}\/[^/]*\/[^/]*\/aws4_request/.exec(authorization)?.[1],
    presignedKeyId(url),
  ]
  // Each execution environment has the functions' key with an ending of its own (functions/caller-keys.ts).
  return found.flatMap((value) =>
    typeof value === 'string' ? [value, value.replace(/^([0-9A-F]{20})E[0-9A-F]{8}$/, '$1')] : [],
  )
}

/** Clients that know a user and a password and nothing else, as those of Jaeger, have the token as the password. */
function basicPassword(authorization: string): string | undefined {
  const encoded = /^Basic\s+([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1]
  if (encoded === undefined) return undefined
  const pair = Buffer.from(encoded, 'base64').toString()
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : undefined
}

function presignedKeyId(url: string): string | undefined {
  if (!/X-Amz-Credential=|AWSAccessKeyId=/.test(url)) return undefined
  const query = new URLSearchParams(url.slice(url.indexOf('?') + 1))
  // Version 2 of the signature, which boto3 still presigns for S3.
  return /^(.+?)\/\d{8}\//.exec(query.get('X-Amz-Credential') ?? '')?.[1] ?? query.get('AWSAccessKeyId') ?? undefined
}

/** A signature or any other Authorization came along, in a header or in a presigned URL. */
export function hasAuthorization({ url, headers }: TokenRequest): boolean {
  return Boolean(headers.authorization) || /[?&](?:X-Amz-)?Signature=./.test(url)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
