// Function Compute's API as its SDKs call it: InvokeFunction of 2023-03-30 and of 2021-04-06 and 2016-08-15, where functions
// belong to services, and the calls that read what is deployed. Signatures are not checked.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FunctionSpec } from '../functions/function-spec.ts'
import type { Platform } from '../functions/platform.ts'
import { answerHeaders, fcCallerOf, headerOf } from './fc-headers.ts'
import { fcRefusal, formatFcError, type FcApiError } from './fc-error.ts'

export interface FcApiOptions {
  readonly platform: Platform
}

interface Named {
  readonly Params: { readonly name: string; readonly service?: string }
}

const OLD_VERSIONS = ['2021-04-06', '2016-08-15']
/** Of a synchronous call and of an asynchronous one. */
const MAX_SYNC_BYTES = 32 * 1024 * 1024
const MAX_ASYNC_BYTES = 128 * 1024

/** Adds the routes. The server must hand bodies over as raw bytes, whatever their content type (http/). */
export function mountFc(server: FastifyInstance, { platform }: FcApiOptions): void {
  const functions = (service?: string): FunctionSpec[] =>
    platform.functions().filter(({ fc }) => fc !== undefined && (service === undefined || fc.service === service))
  const find = ({ name, service }: Named['Params']): FunctionSpec | undefined => {
    // `name.version`, `name$alias`: only LATEST exists here.
    const plain = name.replace(/[.$]LATEST$/, '')
    const own = service?.replace(/[.$]LATEST$/, '')
    return functions(own).find((spec) => spec.name === plain || spec.logicalId === plain)
  }

  const invoke = async (request: FastifyRequest<Named>, reply: FastifyReply): Promise<FastifyReply> => {
    const spec = find(request.params)
    if (spec === undefined) return refuse(request, reply, notFound(request.params))
    const type = headerOf(request.headers, 'x-fc-invocation-type') ?? 'Sync'
    const log = headerOf(request.headers, 'x-fc-log-type') ?? 'None'
    const payload = request.body instanceof Uint8Array ? request.body : new Uint8Array()
    const refused = refusalOf(type, log, payload)
    if (refused !== undefined) return refuse(request, reply, refused)
    const { traceHeader, baggages } = fcCallerOf(request.headers)
    try {
      const answer = await platform.invoke({
        functionName: spec.name,
        payload,
        invocationType: type === 'Async' ? 'Event' : 'RequestResponse',
        fc: { baggages },
        ...(traceHeader === undefined ? {} : { traceHeader }),
      })
      reply.headers(answerHeaders(answer))
      const asyncId = headerOf(request.headers, 'x-fc-stateful-async-invocation-id')
      if (asyncId !== undefined) reply.header('X-Fc-Stateful-Async-Invocation-Id', asyncId)
      if (type === 'Async') return reply.status(202).send()
      if (log === 'Tail') reply.header('X-Fc-Log-Result', Buffer.from(answer.logTail).toString('base64'))
      return reply.status(200).header('content-type', 'application/octet-stream').send(Buffer.from(answer.payload))
    } catch (error) {
      const known = fcRefusal(error)
      if (known === undefined) throw error
      return refuse(request, reply, known)
    }
  }

  const describe = async (request: FastifyRequest<Named>, reply: FastifyReply): Promise<FastifyReply> => {
    const spec = find(request.params)
    if (spec === undefined) return refuse(request, reply, notFound(request.params))
    return await reply.header('X-Fc-Request-Id', request.id).send(describeFunction(spec))
  }

  server.post('/2023-03-30/functions/:name/invocations', invoke)
  server.get('/2023-03-30/functions/:name', describe)
  server.get('/2023-03-30/functions', (_, reply) => reply.send({ functions: functions().map(describeFunction) }))
  for (const version of OLD_VERSIONS) {
    const base = `/${version}/services`
    server.post(`${base}/:service/functions/:name/invocations`, invoke)
    server.get(`${base}/:service/functions/:name`, describe)
    server.get(`${base}/:service/functions`, (request: FastifyRequest<Named>, reply) =>
      reply.send({ functions: functions(request.params.service).map(describeFunction) }),
    )
    server.get(base, (_, reply) => {
      const names = new Set(functions().flatMap(({ fc }) => (fc?.service ? [fc.service] : [])))
      return reply.send({ services: [...names].map((serviceName) => ({ serviceName })) })
    })
  }
}

function refusalOf(type: string, log: string, payload: Uint8Array): FcApiError | undefined {
  const invalid = (message: string): FcApiError => ({ status: 400, code: 'InvalidArgument', message })
  if (type !== 'Sync' && type !== 'Async') return invalid(`X-Fc-Invocation-Type is Sync or Async, not '${type}'`)
  if (log !== 'None' && log !== 'Tail') return invalid(`X-Fc-Log-Type is None or Tail, not '${log}'`)
  const most = type === 'Async' ? MAX_ASYNC_BYTES : MAX_SYNC_BYTES
  if (payload.byteLength <= most) return undefined
  const message = `the payload has ${payload.byteLength} bytes; ${type} takes ${most}`
  return { status: 413, code: 'RequestEntityTooLarge', message }
}

function notFound({ name, service }: Named['Params']): FcApiError {
  const where = service === undefined ? '' : ` in service '${service}'`
  return { status: 404, code: 'FunctionNotFound', message: `function '${name}' does not exist${where}` }
}

async function refuse(request: FastifyRequest, reply: FastifyReply, error: FcApiError): Promise<FastifyReply> {
  const { headers, body } = formatFcError(request.url, error)
  return await reply.status(error.status).headers(headers).send(body)
}

function describeFunction(spec: FunctionSpec): Record<string, unknown> {
  return {
    functionName: spec.name,
    functionId: spec.logicalId,
    description: spec.description,
    runtime: spec.runtime,
    handler: spec.handler,
    timeout: spec.timeoutSeconds,
    memorySize: spec.memoryMb,
    instanceConcurrency: spec.fc?.instanceConcurrency ?? 1,
    environmentVariables: spec.environment,
    tracingConfig: spec.tracing === 'Active' ? { type: 'Jaeger', params: {} } : {},
    ...(spec.fc?.initializer === undefined
      ? {}
      : { initializer: spec.fc.initializer.handler, initializationTimeout: spec.fc.initializer.timeoutSeconds }),
    state: 'Active',
  }
}
