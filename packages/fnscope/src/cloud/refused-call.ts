// An AWS call that nobody can answer, refused in the words of its protocol. SDKs try again what is 503, and not 501.
import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { FnscopeError, messageOf } from '../errors.ts'

export function refuseCall(
  response: ServerResponse,
  headers: IncomingHttpHeaders,
  service: string,
  error: unknown,
): void {
  const { status, code } = refusalOf(error)
  const message = `${service}: ${messageOf(error)}`
  const requestId = randomUUID()
  const json = !speaksXml(headers, service)
  response.writeHead(status, {
    'content-type': json ? 'application/x-amz-json-1.0' : 'text/xml',
    'x-amzn-errortype': code,
    'x-amzn-requestid': requestId,
    // Its body is not read: the connection cannot be used again.
    connection: 'close',
  })
  response.end(
    json
      ? JSON.stringify({ __type: code, message })
      : `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
  )
}

/** Services of REST and XML; of the others those do that are asked by forms. */
const XML_SERVICES = new Set(['S3', 's3control', 'cloudfront', 'route53'])

function speaksXml(headers: IncomingHttpHeaders, service: string): boolean {
  if (headers['x-amz-target'] !== undefined) return false
  return XML_SERVICES.has(service) || /x-www-form-urlencoded|xml/.test(headers['content-type'] ?? '')
}

/** What a cloud says of itself and not in a service's words: `{"error": "Unsupported service: x"}`. */
export function ownRefusal(body: string): NotInCloud | undefined {
  try {
    const { error, message, Message, __type } = JSON.parse(body) as Readonly<Record<string, unknown>>
    if (typeof error !== 'string' || message !== undefined || Message !== undefined || __type !== undefined)
      return undefined
    return new NotInCloud(`fnscope has it not, and the cloud behind it says "${error}"`)
  } catch {
    return undefined
  }
}

/** The cloud has not got the service either. */
class NotInCloud extends Error {}

/** The cloud is on its way: the caller may try again. */
export class CloudStarting extends Error {}

function refusalOf(error: unknown): { readonly status: number; readonly code: string } {
  if (error instanceof CloudStarting) return { status: 503, code: 'ServiceUnavailable' }
  const off = error instanceof NotInCloud || (error instanceof FnscopeError && error.code === 'FNS_CLOUD_OFF')
  return { status: 501, code: off ? 'NotImplemented' : 'CloudUnavailable' }
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
