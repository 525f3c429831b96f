// The Lambda API (REST-JSON): Invoke here, the operations around it in lambda-*.ts.
// Error bodies and headers as boto3 and the aws CLI read them (reference: botocore 1.44.5, service `lambda`).
import type { FastifyInstance, FastifyReply } from 'fastify'
import { newRequestId } from '../functions/request-id.ts'
import { refusalOf } from './invoke-refusal.ts'
import { mountLambdaRoutes, type LambdaContext } from './lambda-context.ts'
import { functionRoutes } from './lambda-functions.ts'
import {
  clientContextOf,
  fail,
  failed,
  findFunction,
  header,
  notFound,
  optional,
  payloadOf,
  type NamedRequest,
} from './lambda-invocation.ts'
import { layerRoutes } from './lambda-layers.ts'
import { settingRoutes } from './lambda-settings.ts'
import { invokeWithResponseStream } from './lambda-stream.ts'
import { triggerRoutes } from './lambda-triggers.ts'
import { versionRoutes } from './lambda-versions.ts'

export function mountLambda(server: FastifyInstance, context: LambdaContext): void {
  const base = '/2015-03-31/functions'
  server.post(`${base}/:name/invocations`, async (request: NamedRequest, reply) => invoke(request, reply, context))
  server.post('/2021-11-15/functions/:name/response-streaming-invocations', async (request: NamedRequest, reply) =>
    invokeWithResponseStream(request, reply, context),
  )
  mountLambdaRoutes(server, [
    ...functionRoutes(context),
    ...versionRoutes(context),
    ...layerRoutes(context),
    ...settingRoutes(context),
    ...triggerRoutes(context),
  ])
}

async function invoke(request: NamedRequest, reply: FastifyReply, context: LambdaContext): Promise<FastifyReply> {
  const found = findFunction(request, context)
  if (found === undefined) return notFound(request, reply, context)
  const { spec, qualifier } = found
  const type = header(request, 'x-amz-invocation-type') ?? 'RequestResponse'
  const payload = payloadOf(request)
  const refused = refusalOf(type, payload, header(request, 'x-amz-client-context'))
  if (refused) return fail(reply, refused.status, refused.type, refused.message)
  if (type === 'DryRun') return reply.status(204).header('x-amzn-RequestId', newRequestId()).send()
  try {
    const result = await context.platform.invoke({
      functionName: spec.name,
      payload,
      invocationType: type === 'Event' ? 'Event' : 'RequestResponse',
      withoutLog: header(request, 'x-amz-log-type') !== 'Tail',
      ...optional('qualifier', qualifier),
      ...optional('traceHeader', header(request, 'x-amzn-trace-id')),
      ...optional('clientContext', type === 'Event' ? undefined : clientContextOf(request)),
    })
    reply.header('x-amzn-RequestId', result.requestId).header('X-Amzn-Trace-Id', result.traceHeader)
    if (type === 'Event') return reply.status(202).send()
    reply.header('X-Amz-Executed-Version', result.executedVersion).header('X-Amzn-Remapped-Content-Length', '0')
    if (result.functionError !== undefined) reply.header('X-Amz-Function-Error', result.functionError)
    if (header(request, 'x-amz-log-type') === 'Tail')
      reply.header('X-Amz-Log-Result', Buffer.from(result.logTail).toString('base64'))
    return reply.status(200).header('content-type', 'application/json').send(Buffer.from(result.payload))
  } catch (error) {
    return failed(reply, error)
  }
}
