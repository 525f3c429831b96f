// One call of the Invoke API as the command line makes it, over HTTP like any client.
import type { Client } from './client.ts'
import { FnscopeError } from '../errors.ts'

export interface InvokeAnswer {
  readonly requestId: string
  readonly payload: string
  readonly functionError?: string
  /** START … XRAY, the last 4 kB. */
  readonly logTail: string
  /** 1-…-… of the invocation's trace. */
  readonly traceId: string
}

/** @throws FnscopeError FNS_FUNCTION_NOT_FOUND, FNS_INVOKE_FAILED with the service's own sentence */
export async function invokeFunction(client: Client, name: string, payload: string): Promise<InvokeAnswer> {
  const response = await client.send(`/2015-03-31/functions/${encodeURIComponent(name)}/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-amz-log-type': 'Tail' },
    body: payload,
  })
  const text = await response.text()
  if (!response.ok) {
    const type = response.headers.get('x-amzn-errortype') ?? String(response.status)
    const message = messageIn(text)
    throw new FnscopeError(
      type.startsWith('ResourceNotFound') ? 'FNS_FUNCTION_NOT_FOUND' : 'FNS_INVOKE_FAILED',
      `${type}: ${message}`,
    )
  }
  const functionError = response.headers.get('x-amz-function-error')
  return {
    requestId: response.headers.get('x-amzn-requestid') ?? '',
    payload: text,
    ...(functionError === null ? {} : { functionError }),
    logTail: Buffer.from(response.headers.get('x-amz-log-result') ?? '', 'base64').toString('utf8'),
    traceId: /Root=([^;]+)/.exec(response.headers.get('x-amzn-trace-id') ?? '')?.[1] ?? '',
  }
}

function messageIn(text: string): string {
  try {
    const body = JSON.parse(text) as { readonly Message?: string; readonly message?: string }
    return body.Message ?? body.message ?? text
  } catch {
    return text
  }
}
