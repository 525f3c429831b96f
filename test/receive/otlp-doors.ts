// Both OTLP doors with a decoder that keeps what it got and obeys words in the body. For tests of the transport.
import { once } from 'node:events'
import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { MalformedError } from '../../packages/fnscope/src/codec/taken.ts'
import { Counters } from '../../packages/fnscope/src/counters.ts'
import { BodyBudget } from '../../packages/fnscope/src/http/body-budget.ts'
import type { Decoder } from '../../packages/fnscope/src/receive/intake.ts'
import { openOtlpDoors, type OtlpDoorsOptions } from '../../packages/fnscope/src/doors/otlp-doors.ts'

export const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
export const PROTOBUF = { 'content-type': 'application/x-protobuf' }
export const JSON_TYPE = { 'content-type': 'application/json' }

export interface TestDoors {
  /** http://host:port of the HTTP door. */
  readonly http: string
  /** The same of the gRPC door. */
  readonly grpc: string
  /** Bodies in the order in which they were decoded; at most the first 64 bytes of each. */
  readonly decoded: string[]
  metrics(): Promise<string>
  stop(): Promise<void>
}

type TestDoorsOptions = Partial<OtlpDoorsOptions['context']> &
  Pick<OtlpDoorsOptions, 'limits'> & { readonly maxBytesOnTheWay?: number }

const LINE = {
  timeNanos: 1n,
  receivedNanos: 1n,
  kind: 'otlp',
  logGroup: '',
  logStream: '',
  service: '',
  severity: '',
  severityNumber: 0,
  body: '',
  attributes: {},
  resource: {},
} as const

/** `malformed` in a body refuses it, `rejects` rejects two spans of three, `breaks` is a bug in the decoder. */
export async function openTestDoors(t: TestContext, options: TestDoorsOptions = {}): Promise<TestDoors> {
  const decoded: string[] = []
  const decoder =
    (encoding: string): Decoder =>
    (body, batch) => {
      const text = Buffer.from(body.subarray(0, 64)).toString('latin1')
      decoded.push(`${encoding} ${body.length} ${text}`)
      if (text.includes('malformed')) throw new MalformedError('The body is no OTLP: ✗.')
      if (text.includes('breaks')) throw new TypeError('a bug')
      const rows = text.includes('rejects') ? 1 : 3
      for (let i = 0; i < rows; i++) batch.logs.push(LINE)
      if (rows === 3) return { rows, rejected: 0, reasons: new Map(), message: '' }
      return { rows, rejected: 2, reasons: new Map([['bad_trace_id', 2]]), message: 'two had a bad id' }
    }
  const counters = new Counters()
  const free = { host: '127.0.0.1', port: 0, explicit: true }
  const { limits, maxBytesOnTheWay = 128 * 1024 * 1024, ...rest } = options
  const doors = await openOtlpDoors(
    { 'otlp-http': free, 'otlp-grpc': free },
    {
      signals: [
        {
          signal: 'log',
          path: '/v1/traces',
          method: EXPORT,
          rejectedName: 'rejectedSpans',
          decodeProtobuf: decoder('protobuf'),
          decodeJson: decoder('json'),
        },
      ],
      context: {
        ingest: { accept: async () => {} },
        counters,
        log: pino({ level: 'silent' }),
        token: undefined,
        functionKey: undefined,
        budget: new BodyBudget(maxBytesOnTheWay),
        ...rest,
      },
      ...(limits !== undefined && { limits }),
    },
  )
  const stop = async (): Promise<void> => {
    await Promise.all([doors['otlp-http'].stop(), doors['otlp-grpc'].stop()])
  }
  t.after(stop)
  return {
    http: `http://${doors['otlp-http'].description}`,
    grpc: `http://${doors['otlp-grpc'].description}`,
    decoded,
    metrics: () => counters.registry.metrics(),
    stop,
  }
}

/** The five bytes that stand before a message, and the message. */
export function frame(
  message: string | Uint8Array,
  { flag = 0, length }: { flag?: number; length?: number } = {},
): Buffer {
  const body = Buffer.from(message)
  const prefix = Buffer.alloc(5)
  prefix[0] = flag
  prefix.writeUInt32BE(length ?? body.length, 1)
  return Buffer.concat([prefix, body])
}

export interface GrpcAnswer {
  readonly httpStatus: number | undefined
  readonly status: string | undefined
  readonly message: string
  readonly headers: IncomingHttpHeaders
  readonly trailers: IncomingHttpHeaders
  readonly body: Buffer
  readonly resetCode: number | undefined
}

export interface GrpcCall {
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Written one after the other; the request ends after the last unless `open`. */
  readonly frames?: readonly Uint8Array[]
  readonly open?: boolean
}

/** One call on a session; resolves when its stream has closed. */
export async function call(
  session: ClientHttp2Session,
  { path = EXPORT, headers, frames = [], open = false }: GrpcCall,
): Promise<GrpcAnswer> {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  })
  let answer: IncomingHttpHeaders = {}
  let trailers: IncomingHttpHeaders = {}
  const pieces: Buffer[] = []
  stream.on('error', () => {})
  stream.once('response', (received: IncomingHttpHeaders) => (answer = received))
  stream.once('trailers', (received: IncomingHttpHeaders) => (trailers = received))
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  for (const bytes of frames) stream.write(bytes)
  if (!open) stream.end()
  await once(stream, 'close')
  const last = { ...answer, ...trailers }
  return {
    httpStatus: answer[':status'] as number | undefined,
    status: last['grpc-status'] as string | undefined,
    message: decodeURIComponent((last['grpc-message'] as string | undefined) ?? ''),
    headers: answer,
    trailers,
    body: Buffer.concat(pieces),
    resetCode: stream.rstCode === constants.NGHTTP2_NO_ERROR ? undefined : stream.rstCode,
  }
}

/** A session that the test ends. */
export function openSession(t: TestContext, base: string): ClientHttp2Session {
  const session = connect(base)
  session.on('error', () => {})
  t.after(() => session.destroy())
  return session
}

export async function callOnce(t: TestContext, base: string, options: GrpcCall): Promise<GrpcAnswer> {
  const session = openSession(t, base)
  const answer = await call(session, options)
  session.close()
  return answer
}

/** Of this process, MB. */
export function residentMegabytes(): number {
  return process.memoryUsage().rss / 1e6
}
