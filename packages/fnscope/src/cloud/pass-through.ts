// Every AWS request on the main port, before its route: what fnscope has itself goes on to its route, all else to the
// other cloud. Calls of local functions are recorded either way, and know the span that they are.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingHttpHeaders } from 'node:http'
import { messageOf } from '../errors.ts'
import type { FunctionCaller } from '../functions/caller-keys.ts'
import type { Logger } from '../log.ts'
import type { Span } from '../span/span.ts'
import { formatTraceHeader } from '../span/trace-header.ts'
import { describeCall, serviceName, signedBy, type AwsCall, type SignedBy } from './aws-call.ts'
import { forward } from './forward.ts'
import type { LocalCloud } from './local-cloud.ts'
import { callSpan, openCall, retriesOf, type OpenCall } from './record-call.ts'
import { CloudStarting, ownRefusal, refuseCall } from './refused-call.ts'
import type { SentTraces } from './sent-traces.ts'

export interface PassThroughOptions {
  readonly cloud: LocalCloud
  /** Whether what is asked of a service, by the scope of its signature, has a route here. */
  readonly owned: (service: string, method: string) => boolean
  readonly accountId: string
  readonly callerOf: (accessKeyId: string) => FunctionCaller | undefined
  readonly sent: SentTraces
  readonly onSpan: (span: Span) => void
  /** Told of each answered call of S3, whoever made it. */
  readonly onS3: (call: AwsCall, traceHeader: string | undefined) => void
  readonly now: () => bigint
  readonly log: Logger
}

interface Underway {
  readonly signed: SignedBy
  readonly open: OpenCall | undefined
  /** The header as it goes on. */
  readonly traceHeader: string | undefined
}

const MAX_WAIT_MS = 45_000

/** What an SDK for tracing sends is no call of the function's. */
const TRACING = /^\/(TraceSegments|TelemetryRecords|GetSamplingRules|SamplingTargets|SamplingRules)\b/

/** Adds the hooks; before the routes that they are for. */
export function mountPassThrough(server: FastifyInstance, options: PassThroughOptions): void {
  const underway = new WeakMap<FastifyRequest, Underway>()
  server.addHook('onRequest', async (request, reply) => {
    const signed = signedBy(request.originalUrl, request.headers)
    if (signed === undefined) return
    const call = beginCall(request, signed, options)
    if (options.owned(signed.service, request.method)) {
      underway.set(request, call)
      return
    }
    reply.hijack()
    await passOn(request, reply, call, options)
  })
  server.addHook('onResponse', (request, reply, done) => {
    const call = underway.get(request)
    if (call !== undefined) answeredHere(request, reply, call, options)
    done()
  })
}

function beginCall(request: FastifyRequest, signed: SignedBy, options: PassThroughOptions): Underway {
  const caller = options.callerOf(signed.accessKeyId)
  const sent = textOf(request.headers, 'x-amzn-trace-id')
  const open =
    caller === undefined || (signed.service === 'xray' && TRACING.test(request.originalUrl))
      ? undefined
      : openCall(caller, sent, options.now())
  const traceHeader = open === undefined ? sent : formatTraceHeader(open.onward)
  if (open !== undefined) request.raw.headers['x-amzn-trace-id'] = traceHeader
  return { signed, open, traceHeader }
}

async function passOn(
  request: FastifyRequest,
  reply: FastifyReply,
  { signed, open, traceHeader }: Underway,
  options: PassThroughOptions,
): Promise<void> {
  const { cloud, sent, log } = options
  const url = request.originalUrl
  const base = { scope: signed.service, method: request.method, url, headers: request.headers }
  try {
    const target = await inTime(cloud.endpoint())
    const changed = traceHeader === undefined ? {} : { 'x-amzn-trace-id': traceHeader }
    const reword = (_status: number, body: string): boolean => {
      const refusal = ownRefusal(body)
      if (refusal !== undefined) refuseCall(reply.raw, request.headers, serviceName(signed.service), refusal)
      return refusal !== undefined
    }
    const answer = await forward(request.raw, reply.raw, target, { changed, reword })
    const call = describeCall({ ...base, body: answer.requestBody })
    if (traceHeader !== undefined && answer.status < 300)
      sent.noteAnswer(signed.service, call.operation, answer.responseBody.toString(), traceHeader)
    if (open !== undefined) options.onSpan(spanOf(request, { call, open, signed }, answer, options))
  } catch (error) {
    log.warn({ service: signed.service, reason: messageOf(error) }, 'AWS call not passed on')
    if (reply.raw.headersSent) reply.raw.destroy()
    else refuseCall(reply.raw, request.headers, serviceName(signed.service), error)
    if (open === undefined) return
    const call = describeCall({ ...base, body: new Uint8Array() })
    options.onSpan(
      spanOf(
        request,
        { call, open, signed },
        { status: error instanceof CloudStarting ? 503 : 501, headers: {} },
        options,
      ),
    )
  }
}

/** SDKs wait a minute for an answer, and the first start of a cloud may take longer: then they are to try again. */
async function inTime(endpoint: Promise<string>): Promise<string> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new CloudStarting('the local cloud is being installed or started; try again')),
    MAX_WAIT_MS,
  )
  try {
    return await Promise.race([endpoint, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function answeredHere(
  request: FastifyRequest,
  reply: FastifyReply,
  { signed, open, traceHeader }: Underway,
  options: PassThroughOptions,
): void {
  if (open === undefined && signed.service !== 's3') return
  const call = describeCall({
    scope: signed.service,
    method: request.method,
    url: request.originalUrl,
    headers: request.headers,
    body: Buffer.isBuffer(request.body) ? request.body : new Uint8Array(),
  })
  if (signed.service === 's3' && reply.statusCode < 300) options.onS3(call, traceHeader)
  if (open === undefined) return
  const headers = reply.getHeaders() as IncomingHttpHeaders
  options.onSpan(spanOf(request, { call, open, signed }, { status: reply.statusCode, headers }, options))
}

function spanOf(
  request: FastifyRequest,
  { call, open, signed }: { readonly call: AwsCall; readonly open: OpenCall; readonly signed: SignedBy },
  answer: { readonly status: number; readonly headers: IncomingHttpHeaders },
  options: PassThroughOptions,
): Span {
  return callSpan(open, {
    call,
    region: signed.region,
    accountId: options.accountId,
    method: request.method,
    url: `http://${request.headers.host ?? ''}${request.originalUrl.split('?')[0]}`,
    status: answer.status,
    requestId: textOf(answer.headers, 'x-amzn-requestid') ?? textOf(answer.headers, 'x-amz-request-id'),
    retries: retriesOf(request.headers['amz-sdk-request']),
    endNanos: options.now(),
  })
}

function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}
