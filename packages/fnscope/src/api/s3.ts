// Amazon S3 on the main port (REST-XML): what deploys need, and enough for a bucket of one's own. http/ hands requests
// over under S3_MOUNT (s3-address.ts). Signatures are not checked.
import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { S3_MOUNT, s3AddressOf, type S3Address } from './s3-address.ts'
import * as bucketsApi from './s3-buckets.ts'
import { s3Error } from './s3-error.ts'
import { listObjects, listObjectsV2, listVersions } from './s3-lists.ts'
import * as multipart from './s3-multipart.ts'
import * as objects from './s3-objects.ts'
import type { S3Answer, S3Call, S3State } from './s3-request.ts'
import { ServiceError } from './service-error.ts'
import { xmlElement } from './xml.ts'

export interface S3Options extends S3State {
  readonly log: Logger
}

/** Adds the routes, in a scope of their own: bodies are streams there. */
export function mountS3(server: FastifyInstance, options: S3Options): void {
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    const handler = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
      answer(request, reply, options)
    scope.all(S3_MOUNT, handler)
    scope.all(`${S3_MOUNT}/*`, handler)
  })
}

async function answer(request: FastifyRequest, reply: FastifyReply, options: S3Options): Promise<FastifyReply> {
  const requestId = randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase()
  // Objects come from the console's origin: a page among them, opened by a presigned URL, must not act as the console.
  reply.headers({ 'x-amz-request-id': requestId, 'x-amz-id-2': requestId, 'content-security-policy': 'sandbox' })
  let address: S3Address
  try {
    address = s3AddressOf(request.raw.url ?? '')
  } catch {
    address = {}
  }
  try {
    return send(reply, await operationOf(callOf(request, address, options)), request.method)
  } catch (error) {
    const failure = error instanceof ServiceError ? error : unexpected(error, request, options.log)
    // What was not read of the body would be taken for the next request.
    if (!request.raw.complete) reply.header('connection', 'close')
    reply.code(failure.status)
    if (request.method === 'HEAD' || failure.status === 304) return reply.send()
    const path = `/${address.bucket ?? ''}${address.key === undefined ? '' : `/${address.key}`}`
    const said = {
      Code: failure.code,
      Message: failure.message,
      ...failure.members,
      Resource: path,
      RequestId: requestId,
    }
    return reply
      .header('content-type', 'application/xml')
      .send(Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${xmlElement('Error', said, 'flat')}`))
  }
}

function callOf(request: FastifyRequest, { bucket = '', key = '' }: S3Address, state: S3State): S3Call {
  const url = request.raw.url ?? ''
  const at = url.indexOf('?')
  return {
    ...state,
    method: request.method,
    query: new URLSearchParams(at < 0 ? '' : url.slice(at + 1)),
    headers: request.headers,
    source: request.raw,
    bucket,
    key,
  }
}

function send(reply: FastifyReply, { status = 200, headers = {}, body }: S3Answer, method: string): FastifyReply {
  reply.code(status).headers(headers)
  if (body === undefined || method === 'HEAD') return reply.send()
  return reply.send(typeof body === 'string' ? Buffer.from(body) : body)
}

function unexpected(error: unknown, request: FastifyRequest, log: Logger): ServiceError {
  log.error({ err: error, method: request.method, url: request.url.slice(0, 500) }, 'S3 request failed')
  return new ServiceError('InternalError', `fnscope failed on this request: ${messageOf(error)}`, { status: 500 })
}

async function operationOf(call: S3Call): Promise<S3Answer> {
  if (call.bucket === '') {
    if (call.method !== 'GET') throw s3Error('MethodNotAllowed')
    return bucketsApi.listBuckets(call)
  }
  return await (call.key === '' ? bucketOperation(call) : objectOperation(call))
}

async function bucketOperation(call: S3Call): Promise<S3Answer> {
  const { method, query } = call
  const setting = Object.keys(bucketsApi.SETTINGS).find((name) => query.has(name))
  switch (method) {
    case 'HEAD':
      return bucketsApi.headBucket(call)
    case 'GET':
      if (setting !== undefined) return bucketsApi.getSetting(call, setting)
      if (query.has('location')) return bucketsApi.getLocation(call)
      if (query.has('versioning')) return bucketsApi.getVersioning(call)
      if (query.has('versions')) return listVersions(call)
      if (query.has('uploads')) return multipart.listMultipartUploads(call)
      if (query.has('acl')) return bucketsApi.getAcl(call)
      if (query.has('policyStatus')) return bucketsApi.getPolicyStatus(call)
      refuseOthers(call)
      return query.get('list-type') === '2' ? listObjectsV2(call) : listObjects(call)
    case 'PUT':
      if (setting !== undefined) return await bucketsApi.putSetting(call, setting)
      if (query.has('versioning')) return await bucketsApi.putVersioning(call)
      refuseOthers(call)
      return await bucketsApi.createBucket(call)
    case 'DELETE':
      if (setting !== undefined) return bucketsApi.deleteSetting(call, setting)
      refuseOthers(call)
      return bucketsApi.deleteBucket(call)
    case 'POST':
      if (query.has('delete')) return await objects.deleteObjects(call)
      throw s3Error('NotImplemented', 'fnscope takes no form uploads; put the object instead.')
    default:
      throw s3Error('MethodNotAllowed')
  }
}

async function objectOperation(call: S3Call): Promise<S3Answer> {
  const { method, query, headers } = call
  const copying = headers['x-amz-copy-source'] !== undefined
  switch (method) {
    case 'HEAD':
      return objects.getObject(call)
    case 'GET':
      if (query.has('tagging')) return objects.getObjectTagging(call)
      if (query.has('uploadId')) return multipart.listParts(call)
      if (query.has('attributes')) return objects.getObjectAttributes(call)
      if (query.has('acl')) return bucketsApi.getAcl(call)
      refuseOthers(call)
      return objects.getObject(call)
    case 'PUT':
      if (query.has('tagging')) return await objects.putObjectTagging(call)
      if (query.has('uploadId')) return await (copying ? multipart.uploadPartCopy(call) : multipart.uploadPart(call))
      refuseOthers(call)
      return await (copying ? objects.copyObject(call) : objects.putObject(call))
    case 'POST':
      if (query.has('uploads')) return multipart.createMultipartUpload(call)
      if (query.has('uploadId')) return await multipart.completeMultipartUpload(call)
      throw s3Error('NotImplemented', 'This operation on an object is not supported by fnscope.')
    case 'DELETE':
      if (query.has('tagging')) return objects.deleteObjectTagging(call)
      if (query.has('uploadId')) return multipart.abortMultipartUpload(call)
      return objects.deleteObject(call)
    default:
      throw s3Error('MethodNotAllowed')
  }
}

/** Sub-resources that nobody answers here: taken for the plain operation they would do something else. */
const REFUSED = [
  'acl',
  'analytics',
  'intelligent-tiering',
  'inventory',
  'metrics',
  'legal-hold',
  'retention',
  'restore',
  'select',
  'torrent',
  'uploads',
  'versions',
]

function refuseOthers({ query }: S3Call): void {
  const asked = REFUSED.find((name) => query.has(name))
  if (asked !== undefined) throw s3Error('NotImplemented', `The sub-resource ${asked} is not supported by fnscope.`)
}
