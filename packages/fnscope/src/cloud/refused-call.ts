// An AWS call that nobody can answer, refused in the words of its protocol. 501: SDKs do not try that again.
import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { FnscopeError, messageOf } from '../errors.ts'

export function refuseCall(
  response: ServerResponse,
  headers: IncomingHttpHeaders,
  service: string,
  error: unknown,
): void {
  const code = error instanceof FnscopeError && error.code === 'FNS_CLOUD_OFF' ? 'NotImplemented' : 'CloudUnavailable'
  const message = `${service}: ${messageOf(error)}`
  const requestId = randomUUID()
  const json = headers['x-amz-target'] !== undefined || /json/.test(headers['content-type'] ?? '')
  response.writeHead(501, {
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

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
