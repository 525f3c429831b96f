// S3's operations on one object: put, get, head, copy, delete, tags; and the delete of many.
import { createReadStream, rmSync } from 'node:fs'
import type { ObjectContent, StoredObject } from '../control/stored-object.ts'
import { CHECKSUM_ALGORITHMS, writeBytes, type ChecksumAlgorithm, type WrittenBytes } from '../control/write-bytes.ts'
import { contentEncodingOf, openS3Body } from './s3-body.ts'
import { parseS3Url } from './s3-address.ts'
import { s3Error } from './s3-error.ts'
import {
  bucketOf,
  childrenOf,
  headerText,
  parseXml,
  readText,
  textAt,
  xmlAnswer,
  type S3Answer,
  type S3Call,
} from './s3-request.ts'
import { readRange } from './s3-range.ts'

/** Kept with the object and sent back as they came. */
const KEPT_HEADERS = ['content-type', 'content-disposition', 'content-language', 'cache-control', 'expires']
/** Query parameter of a GET → the header that it sets. */
const OVERRIDES = [
  'content-type',
  'content-disposition',
  'content-language',
  'cache-control',
  'expires',
  'content-encoding',
]
const MOST_DELETED = 1000

export async function putObject(call: S3Call): Promise<S3Answer> {
  const { buckets, bucket, key, headers } = call
  bucketOf(call)
  checkConditions(call, current(call))
  const { file, path } = buckets.newFile(bucket)
  const { written, checksums } = await receive(call, path)
  const object = buckets.put(bucket, key, {
    file,
    size: written.size,
    etag: written.md5.toString('hex'),
    headers: keptHeaders(headers),
    checksums,
    tags: tagsOfHeader(headerText(headers, 'x-amz-tagging')),
  })
  return { headers: { ...versionHeader(object), etag: `"${object.content!.etag}"`, ...checksums } }
}

/** Writes the request's bytes to `path` and checks them against what the client says of them. */
export async function receive(
  call: Pick<S3Call, 'headers' | 'source'>,
  path: string,
): Promise<{ readonly written: WrittenBytes; readonly checksums: Readonly<Record<string, string>> }> {
  const { headers } = call
  const body = openS3Body(headers, call.source)
  const algorithm = checksumOf(headers)
  try {
    const written = await writeBytes(path, body.bytes, algorithm)
    const length = headerText(headers, 'x-amz-decoded-content-length')
    if (length !== undefined && Number(length) !== written.size) throw s3Error('IncompleteBody')
    const md5 = headerText(headers, 'content-md5')
    if (md5 !== undefined && md5 !== written.md5.toString('base64')) throw s3Error('BadDigest')
    if (algorithm === undefined || written.checksum === undefined) return { written, checksums: {} }
    const name = `x-amz-checksum-${algorithm}`
    const said = headerText(headers, name) ?? body.trailers.get(name)
    if (said !== undefined && said !== written.checksum)
      throw s3Error('BadDigest', `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`)
    return { written, checksums: { [name]: written.checksum, 'x-amz-checksum-type': 'FULL_OBJECT' } }
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  }
}

function checksumOf(headers: S3Call['headers']): ChecksumAlgorithm | undefined {
  const trailer = headerText(headers, 'x-amz-trailer') ?? ''
  const asked = headerText(headers, 'x-amz-sdk-checksum-algorithm')?.toLowerCase()
  return CHECKSUM_ALGORITHMS.find(
    (one) => asked === one || headers[`x-amz-checksum-${one}`] !== undefined || trailer === `x-amz-checksum-${one}`,
  )
}

export function keptHeaders(headers: S3Call['headers']): Readonly<Record<string, string>> {
  const kept: Record<string, string> = { 'content-type': 'binary/octet-stream' }
  for (const [name, value] of Object.entries(headers))
    if (typeof value === 'string' && (KEPT_HEADERS.includes(name) || name.startsWith('x-amz-meta-'))) kept[name] = value
  const encoding = contentEncodingOf(headers)
  if (encoding !== undefined) kept['content-encoding'] = encoding
  return kept
}

export function getObject(call: S3Call): S3Answer {
  const { buckets, bucket, headers, query, method } = call
  const object = find(call)
  const { content } = object
  if (content === undefined) throw s3Error('NoSuchKey', undefined, { Key: object.key })
  checkConditions(call, object)
  const range = readRange(headerText(headers, 'range'), content.size)
  const answer: Record<string, string> = {
    ...content.headers,
    ...versionHeader(object),
    'accept-ranges': 'bytes',
    etag: `"${content.etag}"`,
    'last-modified': new Date(object.modifiedMs).toUTCString(),
    'content-length': String(range === undefined ? content.size : range.end - range.start + 1),
    ...(headerText(headers, 'x-amz-checksum-mode') === 'ENABLED' && range === undefined && content.checksums),
    ...(Object.keys(content.tags).length > 0 && { 'x-amz-tagging-count': String(Object.keys(content.tags).length) }),
  }
  for (const name of OVERRIDES) {
    const said = query.get(`response-${name}`)
    if (said !== null) answer[name] = said
  }
  if (range !== undefined) answer['content-range'] = `bytes ${range.start}-${range.end}/${content.size}`
  const status = range === undefined ? 200 : 206
  if (method === 'HEAD') return { status, headers: answer }
  return { status, headers: answer, body: createReadStream(buckets.pathOf(bucket, content.file), range) }
}

export async function copyObject(call: S3Call): Promise<S3Answer> {
  const { buckets, bucket, key, headers } = call
  bucketOf(call)
  const { object: source, path } = copySource(call)
  const { file, path: target } = buckets.newFile(bucket)
  const algorithm =
    checksumOf(headers) ?? CHECKSUM_ALGORITHMS.find((one) => `x-amz-checksum-${one}` in source.checksums)
  const written = await writeBytes(target, createReadStream(path) as AsyncIterable<Buffer>, algorithm)
  const replaced = headerText(headers, 'x-amz-metadata-directive') === 'REPLACE'
  const retagged = headerText(headers, 'x-amz-tagging-directive') === 'REPLACE'
  const object = buckets.put(bucket, key, {
    file,
    size: written.size,
    etag: written.md5.toString('hex'),
    headers: replaced ? keptHeaders(headers) : source.headers,
    checksums: written.checksum === undefined ? {} : { [`x-amz-checksum-${algorithm}`]: written.checksum },
    tags: retagged ? tagsOfHeader(headerText(headers, 'x-amz-tagging')) : source.tags,
  })
  const result = { LastModified: new Date(object.modifiedMs), ETag: `"${object.content!.etag}"` }
  const answer = xmlAnswer('CopyObjectResult', result)
  return { ...answer, headers: { ...answer.headers, ...versionHeader(object) } }
}

/** What x-amz-copy-source names. */
export function copySource(call: S3Call): { readonly object: ObjectContent; readonly path: string } {
  const { buckets, headers } = call
  const said = headerText(headers, 'x-amz-copy-source') ?? ''
  const named = parseS3Url(`http://s3.localhost/${said.replace(/^\//, '')}`)
  if (named === undefined)
    throw s3Error('InvalidArgument', 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey')
  const { bucket, key, versionId } = named
  const source = find({
    ...call,
    bucket,
    key,
    query: new URLSearchParams(versionId === undefined ? {} : { versionId }),
  })
  if (source.content === undefined) throw s3Error('NoSuchKey', undefined, { Key: key })
  return { object: source.content, path: buckets.pathOf(bucket, source.content.file) }
}

export function deleteObject(call: S3Call): S3Answer {
  bucketOf(call)
  const { versionId, marker } = remove(call, call.key, call.query.get('versionId') ?? undefined)
  return {
    status: 204,
    headers: {
      ...(versionId !== undefined && { 'x-amz-version-id': versionId }),
      ...(marker && { 'x-amz-delete-marker': 'true' }),
    },
  }
}

export async function deleteObjects(call: S3Call): Promise<S3Answer> {
  bucketOf(call)
  const request = parseXml(await readText({ source: openS3Body(call.headers, call.source).bytes }), 'Delete')
  const objects = childrenOf(request, 'Object')
  if (objects.length === 0 || objects.length > MOST_DELETED) throw s3Error('MalformedXML')
  const deleted = objects.map((object) => {
    const key = textAt(object, 'Key')
    if (key === undefined) throw s3Error('MalformedXML')
    const asked = textAt(object, 'VersionId')
    const { versionId, marker } = remove(call, key, asked)
    return {
      Key: key,
      ...(asked !== undefined && { VersionId: asked }),
      ...(marker && { DeleteMarker: true, ...(versionId !== undefined && { DeleteMarkerVersionId: versionId }) }),
    }
  })
  return xmlAnswer('DeleteResult', textAt(request, 'Quiet') === 'true' ? {} : { Deleted: deleted })
}

function remove(
  { buckets, bucket }: S3Call,
  key: string,
  versionId: string | undefined,
): { readonly versionId: string | undefined; readonly marker: boolean } {
  if (versionId !== undefined) {
    const gone = buckets.deleteVersion(bucket, key, versionId)
    return { versionId, marker: gone !== undefined && gone.content === undefined }
  }
  const left = buckets.delete(bucket, key)
  return { versionId: left?.versionId, marker: left !== undefined }
}

export function getObjectTagging(call: S3Call): S3Answer {
  const tags = Object.entries(find(call).content?.tags ?? {})
  return xmlAnswer('Tagging', { TagSet: { Tag: tags.map(([Key, Value]) => ({ Key, Value })) } })
}

export async function putObjectTagging(call: S3Call): Promise<S3Answer> {
  const object = find(call)
  const body = parseXml(await readText({ source: openS3Body(call.headers, call.source).bytes }), 'Tagging')
  const tags = childrenOf(body, 'TagSet').flatMap((set) => childrenOf(set, 'Tag'))
  const read = tags.map((tag) => [textAt(tag, 'Key') ?? '', textAt(tag, 'Value') ?? ''] as const)
  if (read.some(([name]) => name === '')) throw s3Error('InvalidTag')
  call.buckets.retag(call.bucket, object, Object.fromEntries(read))
  return { headers: versionHeader(object) }
}

export function deleteObjectTagging(call: S3Call): S3Answer {
  call.buckets.retag(call.bucket, find(call), {})
  return { status: 204 }
}

export function getObjectAttributes(call: S3Call): S3Answer {
  const object = find(call)
  if (object.content === undefined) throw s3Error('NoSuchKey', undefined, { Key: object.key })
  const { etag, size, checksums } = object.content
  const sums = Object.entries(checksums).map(([name, value]) => [
    name === 'x-amz-checksum-type' ? 'ChecksumType' : `Checksum${name.slice('x-amz-checksum-'.length).toUpperCase()}`,
    value,
  ])
  const answer = xmlAnswer('GetObjectAttributesResponse', {
    ETag: etag,
    ...(sums.length > 0 && { Checksum: Object.fromEntries(sums) }),
    StorageClass: 'STANDARD',
    ObjectSize: size,
  })
  const modified = { 'last-modified': new Date(object.modifiedMs).toUTCString() }
  return { ...answer, headers: { ...answer.headers, ...versionHeader(object), ...modified } }
}

/** The version that was asked for, or the newest. @throws ServiceError NoSuchBucket, NoSuchKey, NoSuchVersion */
function find(call: S3Call): StoredObject {
  const versionId = call.query.get('versionId')
  bucketOf(call)
  const versions = call.buckets.versions(call.bucket, call.key)
  const object = versionId === null ? versions[0] : versions.find((one) => one.versionId === versionId)
  if (object !== undefined) return object
  throw versionId === null
    ? s3Error('NoSuchKey', undefined, { Key: call.key })
    : s3Error('NoSuchVersion', undefined, { Key: call.key, VersionId: versionId })
}

function current({ buckets, bucket, key }: S3Call): StoredObject | undefined {
  const newest = buckets.versions(bucket, key)[0]
  return newest?.content === undefined ? undefined : newest
}

/** @throws ServiceError PreconditionFailed, NotModified */
function checkConditions({ headers, method }: S3Call, object: StoredObject | undefined): void {
  const etag = object?.content === undefined ? undefined : `"${object.content.etag}"`
  const [match, noneMatch] = [headerText(headers, 'if-match'), headerText(headers, 'if-none-match')]
  if (match !== undefined && match !== '*' && match !== etag && match !== etag?.slice(1, -1))
    throw s3Error('PreconditionFailed')
  const same = noneMatch !== undefined && etag !== undefined && (noneMatch === '*' || noneMatch.includes(etag))
  if (same) throw method === 'PUT' ? s3Error('PreconditionFailed') : s3Error('NotModified')
  if (object === undefined || method === 'PUT') return
  const modified = Math.floor(object.modifiedMs / 1000) * 1000
  const since = Date.parse(headerText(headers, 'if-modified-since') ?? '')
  if (noneMatch === undefined && modified <= since) throw s3Error('NotModified')
  const unmodified = Date.parse(headerText(headers, 'if-unmodified-since') ?? '')
  if (match === undefined && modified > unmodified) throw s3Error('PreconditionFailed')
}

export function versionHeader({ versionId }: StoredObject): Readonly<Record<string, string>> {
  return versionId === 'null' ? {} : { 'x-amz-version-id': versionId }
}

export function tagsOfHeader(text: string | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(text ?? ''))
}
