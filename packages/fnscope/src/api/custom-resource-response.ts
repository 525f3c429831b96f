// Where custom resources answer: PUT to the ResponseURL that their event had. The id in it is the only key, as in the
// presigned URL of the cloud.
import type { FastifyInstance } from 'fastify'
import type { CustomResources } from '../control/stacks/makers/custom.ts'

export const CUSTOM_RESOURCE_PATH = '/.custom-resource/'

export function mountCustomResources(server: FastifyInstance, custom: CustomResources): void {
  server.put<{ Params: { id: string } }>(`${CUSTOM_RESOURCE_PATH}:id`, (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    return reply.code(custom.answer(request.params.id, body) ? 200 : 404).send()
  })
}
