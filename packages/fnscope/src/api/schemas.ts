// EventBridge Schemas (rest-json): registries, schemas and their versions, as `sam remote test-event` uses them. No bus
// is watched for schemas, and no code is made of one.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isJsonObject, type JsonObject } from '../codec/json.ts'
import { discoveredSchema } from '../control/discovered-schema.ts'
import type { Schema, SchemaRegistries, SchemaRegistry } from '../control/schema-registries.ts'
import { newRequestId } from '../functions/request-id.ts'
import { sendAwsError } from '../http/aws-error.ts'
import { listIn, textIn } from './aws-input.ts'
import { pageOf } from './page.ts'
import { ServiceError } from './service-error.ts'

export interface SchemasContext {
  readonly registries: SchemaRegistries
  readonly region: string
  readonly accountId: string
}

interface Call {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string | undefined>>
  readonly input: JsonObject
}

const MOST_CONTENT = 100_000
const TYPES = ['OpenApi3', 'JSONSchemaDraft4']
const REGISTRY = '/v1/registries/name/:registry'
const SCHEMA = `${REGISTRY}/schemas/name/:schema`

/** Adds the routes. */
export function mountSchemas(server: FastifyInstance, context: SchemasContext): void {
  const { registries } = context
  const arn = (kind: string, ...names: string[]): string =>
    `arn:aws:schemas:${context.region}:${context.accountId}:${kind}/${names.join('/')}`
  const registryAnswer = ({ name, description }: SchemaRegistry): object => ({
    RegistryArn: arn('registry', name),
    RegistryName: name,
    ...(description !== undefined && { Description: description }),
    tags: {},
  })
  const schemaAnswer = (registry: SchemaRegistry, { name, type, description, versions }: Schema): object => {
    const { version, createdMs } = versions.at(-1)!
    return {
      SchemaArn: arn('schema', registry.name, name),
      SchemaName: name,
      SchemaVersion: String(version),
      Type: type,
      ...(description !== undefined && { Description: description }),
      LastModified: timeOf(createdMs),
      VersionCreatedDate: timeOf(createdMs),
      tags: {},
    }
  }
  const registryOf = ({ params }: Call): SchemaRegistry => {
    const found = registries.find(params['registry']!)
    if (found === undefined) throw notFound(`Registry with name ${params['registry']} does not exist.`)
    return found
  }
  const schemaOf = (call: Call): readonly [SchemaRegistry, Schema] => {
    const registry = registryOf(call)
    const name = call.params['schema']!
    const found = Object.hasOwn(registry.schemas, name) ? registry.schemas[name] : undefined
    if (found === undefined) throw notFound(`Schema with name ${name} does not exist.`)
    return [registry, found]
  }
  const on = route(server)

  on('GET', '/v1/registries', 200, ({ query }) => {
    const prefix = query['registryNamePrefix'] ?? ''
    const { items, next } = pageIn(
      registries.all().filter(({ name }) => name.startsWith(prefix)),
      query,
    )
    return { Registries: items.map(registryAnswer), NextToken: next }
  })
  on('POST', REGISTRY, 201, ({ params, input }) => {
    const name = params['registry']!
    if (registries.find(name) !== undefined) throw conflict(`Registry with name ${name} already exists.`)
    const registry = { name, ...described(input), schemas: {} }
    registries.put(registry)
    return registryAnswer(registry)
  })
  on('GET', REGISTRY, 200, (call) => registryAnswer(registryOf(call)))
  on('PUT', REGISTRY, 200, (call) => {
    const registry = { ...registryOf(call), ...described(call.input) }
    registries.put(registry)
    return registryAnswer(registry)
  })
  on('DELETE', REGISTRY, 204, (call) => {
    const { name, schemas } = registryOf(call)
    if (Object.keys(schemas).length > 0) throw badRequest(`Registry ${name} has schemas: delete them first.`)
    registries.remove(name)
  })
  on('GET', `${REGISTRY}/schemas`, 200, (call) => {
    const registry = registryOf(call)
    const prefix = call.query['schemaNamePrefix'] ?? ''
    const found = Object.values(registry.schemas).filter(({ name }) => name.startsWith(prefix))
    const { items, next } = pageIn(found, call.query)
    const summary = ({ name, versions }: Schema): object => ({
      SchemaArn: arn('schema', registry.name, name),
      SchemaName: name,
      LastModified: timeOf(versions.at(-1)!.createdMs),
      VersionCount: versions.length,
      tags: {},
    })
    return { Schemas: items.map(summary), NextToken: next }
  })
  on('POST', SCHEMA, 201, (call) => {
    const registry = registryOf(call)
    const name = call.params['schema']!
    if (Object.hasOwn(registry.schemas, name)) throw conflict(`Schema with name ${name} already exists.`)
    const { type, content } = contentOf(call.input)
    const versions = [{ version: 1, content, createdMs: Date.now() }]
    const schema = { name, type, ...described(call.input), versions }
    registries.putSchema(registry, schema)
    return schemaAnswer(registry, schema)
  })
  on('GET', SCHEMA, 200, (call) => {
    const [registry, schema] = schemaOf(call)
    const wanted = call.query['schemaVersion']
    const version = schema.versions.find((one) => wanted === undefined || String(one.version) === wanted)
    if (wanted !== undefined && version === undefined) throw notFound(`Schema version ${wanted} does not exist.`)
    const shown = wanted === undefined ? schema : { ...schema, versions: [version!] }
    return { ...schemaAnswer(registry, shown), Content: shown.versions.at(-1)!.content }
  })
  on('PUT', SCHEMA, 200, (call) => {
    const [registry, before] = schemaOf(call)
    const { type, content } = contentOf({ Type: before.type, Content: before.versions.at(-1)!.content, ...call.input })
    const last = before.versions.at(-1)!
    // The same again is the same version.
    const versions =
      last.content === content
        ? before.versions
        : [...before.versions, { version: last.version + 1, content, createdMs: Date.now() }]
    const schema = { ...before, type, ...described(call.input), versions }
    registries.putSchema(registry, schema)
    return schemaAnswer(registry, schema)
  })
  on('DELETE', SCHEMA, 204, (call) => {
    const [registry, { name }] = schemaOf(call)
    registries.removeSchema(registry, name)
  })
  on('GET', `${SCHEMA}/versions`, 200, (call) => {
    const [registry, { name, type, versions }] = schemaOf(call)
    const { items, next } = pageIn(versions, call.query)
    const summary = ({ version }: { readonly version: number }): object => ({
      SchemaArn: arn('schema', registry.name, name),
      SchemaName: name,
      SchemaVersion: String(version),
      Type: type,
    })
    return { SchemaVersions: items.map(summary), NextToken: next }
  })
  on('DELETE', `${SCHEMA}/version/:version`, 204, (call) => {
    const [registry, schema] = schemaOf(call)
    const versions = schema.versions.filter(({ version }) => String(version) !== call.params['version'])
    if (versions.length === schema.versions.length)
      throw notFound(`Schema version ${call.params['version']} does not exist.`)
    if (versions.length === 0) registries.removeSchema(registry, schema.name)
    else registries.putSchema(registry, { ...schema, versions })
  })
  on('POST', '/v1/discover', 200, ({ input }) => {
    const type = textIn(input, 'Type')
    if (type !== 'OpenApi3') throw badRequest(`fnscope makes schemas of type OpenApi3, not ${type}.`)
    return { Content: JSON.stringify(discoveredSchema((listIn(input, 'Events') ?? []).map(eventOf))) }
  })
  for (const path of ['/v1/discoverers', '/v1/discoverers/*', `${SCHEMA}/language/*`, '/v1/policy'])
    server.all(path, (_request, reply) =>
      refuse(
        reply,
        new ServiceError('ForbiddenException', 'fnscope keeps schemas and does nothing else with them.', {
          status: 403,
        }),
      ),
    )
}

function route(server: FastifyInstance) {
  return (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    status: number,
    run: (call: Call) => object | void,
  ): void => {
    server.route({
      method,
      url,
      handler: (request: FastifyRequest, reply: FastifyReply) => {
        reply.header('x-amzn-RequestId', newRequestId())
        try {
          const answer = run({
            params: request.params as Call['params'],
            query: request.query as Call['query'],
            input: inputOf(request.body),
          })
          reply.code(status)
          if (answer === undefined) return reply.send()
          return reply.header('content-type', 'application/json').send(JSON.stringify(answer))
        } catch (error) {
          if (!(error instanceof ServiceError)) throw error
          return refuse(reply, error)
        }
      },
    })
  }
}

function refuse(reply: FastifyReply, { status, code, message }: ServiceError): FastifyReply {
  return sendAwsError(reply, { status, type: code, message, messageKey: 'Message', members: { Code: code } })
}

/** @throws ServiceError BadRequestException */
function inputOf(body: unknown): JsonObject {
  const text = Buffer.isBuffer(body) ? body.toString('utf8') : ''
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    if (isJsonObject(value)) return value
  } catch {
    // said below
  }
  throw badRequest('The body is no JSON object.')
}

/** @throws ServiceError BadRequestException */
function eventOf(text: unknown): unknown {
  try {
    return JSON.parse(String(text))
  } catch {
    throw badRequest('An event is no JSON.')
  }
}

/** @throws ServiceError BadRequestException */
function contentOf(input: JsonObject): { readonly type: string; readonly content: string } {
  const [type, content] = [textIn(input, 'Type') ?? '', textIn(input, 'Content') ?? '']
  if (!TYPES.includes(type)) throw badRequest(`Type must be one of ${TYPES.join(', ')}.`)
  if (content === '' || content.length > MOST_CONTENT)
    throw badRequest(`Content must have 1 to ${MOST_CONTENT} characters.`)
  return { type, content }
}

function described(input: JsonObject): { readonly description?: string } {
  const description = textIn(input, 'Description')
  return description === undefined ? {} : { description }
}

function pageIn<Item>(items: readonly Item[], query: Call['query']): ReturnType<typeof pageOf<Item>> {
  const most = Number(query['limit'] ?? 100)
  return pageOf(items, { token: query['nextToken'], most, errorCode: 'BadRequestException' })
}

function timeOf(millis: number): string {
  return new Date(millis).toISOString()
}

function notFound(message: string): ServiceError {
  return new ServiceError('NotFoundException', message, { status: 404 })
}

function conflict(message: string): ServiceError {
  return new ServiceError('ConflictException', message, { status: 409 })
}

function badRequest(message: string): ServiceError {
  return new ServiceError('BadRequestException', message)
}
