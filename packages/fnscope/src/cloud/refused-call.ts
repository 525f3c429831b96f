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
  const json = headers['x-amz-target'] !== undefined || /json/.test(headers['content-type'] ?? '')
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

/** The cloud is on its way: the caller may try again. */
export class CloudStarting extends Error {}

function refusalOf(error: unknown): { readonly status: number; readonly code: string } {
  if (error instanceof CloudStarting) return { status: 503, code: 'ServiceUnavailable' }
  const off = error instanceof FnscopeError && error.code === 'FNS_CLOUD_OFF'
  return { status: 501, code: off ? 'NotImplemented' : 'CloudUnavailable' }
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
