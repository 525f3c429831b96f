// /v1/write/{category}, of DataKit's applications and of DataKits that have fnscope for their DataWay: points of any form,
// safe when it is answered. A 4xx tells a DataKit to throw its data away, so that it is said only of what can never be
// kept; a full log is a 503, and the DataKit sends again.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { decodePoints, NO_POINTS, type PointFormat } from '../codec/decode-points.ts'
import { decodeLogLines } from '../codec/log-lines.ts'
import { formatLine, formatPointJson, formatPointPbjson } from '../codec/point-format.ts'
import type { Point, PointTag } from '../codec/point.ts'
import { MalformedError } from '../codec/taken.ts'
import type { BodyBudget } from '../http/body-budget.ts'
import { InflateError } from '../http/inflate.ts'
import { RequestError } from '../http/request-error.ts'
import { newBatch } from '../span/batch.ts'
import type { TimeBounds } from '../span/time.ts'
import { formatDatakitError, type DatakitErrorCode } from './datakit-error.ts'
import type { Decoder, Intake } from './intake.ts'
import { readPointRequest, type Echo, type PointRequest } from './point-request.ts'
import { leaveBodies, takeBody } from './take-body.ts'

export interface PointRoutesOptions {
  readonly intake: Intake
  readonly budget: BodyBudget
  readonly now: () => bigint
  readonly bounds: () => TimeBounds
  /** Tags for every point that does not refuse them. */
  readonly hostTags?: () => readonly PointTag[]
}

/** A DataKit sends 1 MiB before compression, older ones 10. */
const MAX_BODY_BYTES = 20 * 1024 * 1024
/** For a person to read. */
const MAX_ECHOED = 10_000
const EMPTY = 'The body is empty.'

export function mountPointRoutes(server: FastifyInstance, options: PointRoutesOptions): void {
  void server.register(async (scope) => {
    leaveBodies(scope)
    scope.post<{ Params: { readonly category: string } }>('/v1/write/:category', async (request, reply) => {
      const { category } = request.params
      const read = readPointRequest(request, category)
      if ('code' in read) return await refuse(reply, read.code, read.message)
      return await write(request, reply, read, options)
    })
  })
}

async function write(
  request: FastifyRequest,
  reply: FastifyReply,
  read: PointRequest,
  { intake, budget, now, bounds, hostTags }: PointRoutesOptions,
): Promise<FastifyReply> {
  const echoed: Point[] = []
  const context = {
    ...read,
    receivedNanos: now(),
    bounds: bounds(),
    extraTags: read.ignoresHostTags ? read.extraTags : [...read.extraTags, ...(hostTags?.() ?? [])],
    ...(read.echo === undefined
      ? {}
      : { onPoint: (point: Point) => void (echoed.length < MAX_ECHOED && echoed.push(point)) }),
  }
  const decode: Decoder = (body, batch) => {
    if (body.length === 0) throw new MalformedError(EMPTY)
    return read.category === 'logstreaming'
      ? decodeLogLines(body, batch, { ...context, query: queryOf(request) })
      : decodePoints(body, batch, context)
  }
  try {
    const taken = await takeBody(request, reply, {
      budget,
      intake,
      maxBytes: MAX_BODY_BYTES,
      decode: read.dry ? (body) => ({ ...decode(body, newBatch()), rows: 0 }) : decode,
    })
    if (read.echo !== undefined) return await sendEcho(reply, read.echo, echoed)
    if (taken.message === '') return await reply.send('')
    return await reply.type('application/json').send(JSON.stringify({ error_code: '', message: taken.message }))
  } catch (error) {
    if (!(error instanceof RequestError) || error.statusCode !== 400) throw error
    if (error.cause instanceof InflateError) return await refuse(reply, 'datakit.decodeBodyFailed', error.message)
    if (!(error.cause instanceof MalformedError)) throw error
    return await refuse(reply, codeOf(error.message, read.format), error.message)
  }
}

function queryOf(request: FastifyRequest): URLSearchParams {
  return new URLSearchParams(request.url.split('?', 2)[1] ?? '')
}

async function refuse(reply: FastifyReply, code: DatakitErrorCode, message: string): Promise<FastifyReply> {
  const { headers, body } = formatDatakitError(code, message)
  return await reply.code(400).headers(headers).send(body)
}

const CODES: Readonly<Record<PointFormat, DatakitErrorCode>> = {
  protobuf: 'datakit.invalidProtobufPoint',
  line: 'datakit.invalidLinePoint',
  json: 'datakit.invalidJsonPoint',
  pbjson: 'datakit.invalidJsonPoint',
}

function codeOf(message: string, format: PointFormat): DatakitErrorCode {
  if (message === EMPTY) return 'datakit.emptyBody'
  return message === NO_POINTS ? 'datakit.noPoints' : CODES[format]
}

async function sendEcho(reply: FastifyReply, echo: Echo, points: readonly Point[]): Promise<FastifyReply> {
  if (echo === 'lp') return await reply.type('text/plain').send(points.map(formatLine).join('\n'))
  const format = echo === 'json' ? formatPointJson : formatPointPbjson
  return await reply.type('application/json').send(`[${points.map(format).join(',')}]`)
}
