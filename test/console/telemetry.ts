// Telemetry for the console's tests, sent as clients send it: X-Ray documents by UDP, spans and lines by OTLP's JSON.
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { StartedFnscope } from '../started-fnscope.ts'

export const hexId = (bytes: number): string => randomBytes(bytes).toString('hex')

/** X-Ray's, of the time. */
export function xrayTraceId(atSeconds: number): string {
  return `1-${Math.floor(atSeconds).toString(16).padStart(8, '0')}-${hexId(12)}`
}

export async function sendDocuments(fnscope: StartedFnscope, documents: readonly object[]): Promise<void> {
  const [host, port] = fnscope.doors['xray-daemon']!.split(':') as [string, string]
  const socket = createSocket('udp4')
  for (const document of documents) {
    const datagram = `{"format":"json","version":1}
${JSON.stringify(document)}`
    await new Promise((sent) => socket.send(datagram, Number(port), host, sent))
  }
  socket.close()
  await once(socket, 'close')
}

export interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string | undefined
  readonly name: string
  readonly kind?: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes?: readonly object[]
  readonly events?: readonly object[]
  readonly links?: readonly object[]
  readonly status?: object
}

/** @param more attributes of the resource beside its name */
export async function sendSpans(
  fnscope: StartedFnscope,
  service: string,
  spans: readonly OtlpSpan[],
  more: readonly object[] = [],
): Promise<void> {
  for (let from = 0; from < spans.length; from += 5000) {
    const resource = { attributes: [text('service.name', service), ...more] }
    const scopeSpans = [{ spans: spans.slice(from, from + 5000) }]
    await post(fnscope, '/v1/traces', { resourceSpans: [{ resource, scopeSpans }] })
  }
}

export async function sendLines(fnscope: StartedFnscope, service: string, lines: readonly object[]): Promise<void> {
  const resource = { attributes: [text('service.name', service)] }
  await post(fnscope, '/v1/logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords: lines }] }] })
}

async function post(fnscope: StartedFnscope, path: string, body: object): Promise<void> {
  const response = await fetch(`http://${fnscope.doors['otlp-http']}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
}

export const text = (key: string, stringValue: string): object => ({ key, value: { stringValue } })

export interface Invocation {
  readonly traceId: string
  readonly requestId: string
  readonly documents: readonly object[]
}

export interface InvocationOptions {
  readonly name: string
  readonly atSeconds: number
  readonly fails?: boolean
  readonly cold?: boolean
  readonly user?: string
}

/** A Lambda invocation as its service and an SDK in it tell of it. */
export function invocation({
  name,
  atSeconds,
  fails = false,
  cold = false,
  user = 'brian',
}: InvocationOptions): Invocation {
  const traceId = xrayTraceId(atSeconds)
  const requestId = globalThis.crypto.randomUUID()
  const [service, fn] = [hexId(8), hexId(8)]
  const arn = `arn:aws:lambda:us-east-1:123456789012:function:${name}`
  const span = (more: object, from: number, to: number): object => ({
    id: hexId(8),
    start_time: atSeconds + from,
    end_time: atSeconds + to,
    ...more,
  })
  const exception = {
    id: hexId(8),
    type: 'ValueError',
    message: 'card declined',
    stack: [{ path: 'app.py', line: 42, label: 'charge' }],
  }
  const handler = span(
    {
      name: '## lambda_handler',
      fault: fails,
      annotations: { user, paid: !fails },
      metadata: { shop: { cart: ['apple'] } },
      ...(fails ? { cause: { exceptions: [exception] } } : {}),
      subsegments: [
        span(
          {
            name: 'DynamoDB',
            namespace: 'aws',
            aws: { operation: 'PutItem', table_name: 'orders' },
            http: { response: { status: 200 } },
          },
          0.02,
          0.05,
        ),
        span(
          {
            name: 'shop@db.local',
            namespace: 'remote',
            sql: { sanitized_query: 'SELECT 1', database_type: 'postgresql' },
          },
          0.05,
          0.06,
        ),
      ],
    },
    0.015,
    0.09,
  )
  const documents = [
    span(
      {
        id: service,
        trace_id: traceId,
        name,
        origin: 'AWS::Lambda',
        fault: fails,
        http: { response: { status: fails ? 502 : 200 } },
        aws: { request_id: requestId, resource_arn: arn },
      },
      0,
      0.12,
    ),
    span(
      {
        id: fn,
        trace_id: traceId,
        parent_id: service,
        name,
        origin: 'AWS::Lambda::Function',
        fault: fails,
        aws: { function_arn: arn, request_id: requestId },
        subsegments: [
          ...(cold ? [span({ name: 'Initialization' }, -0.3, -0.01)] : []),
          span({ name: 'Invocation', fault: fails, subsegments: [handler] }, 0.01, 0.1),
          span({ name: 'Overhead' }, 0.1, 0.115),
        ],
      },
      0.005,
      0.115,
    ),
  ]
  return { traceId, requestId, documents }
}
