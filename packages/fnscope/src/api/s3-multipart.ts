// S3's multipart uploads.
import { createReadStream } from 'node:fs'
import type { Upload, UploadPart } from '../control/uploads.ts'
import { multipartEtag } from '../control/uploads.ts'
import { CHECKSUM_ALGORITHMS, readAll, writeBytes } from '../control/write-bytes.ts'
import { openS3Body } from './s3-body.ts'
import { s3Error } from './s3-error.ts'
import { ownerOf } from './s3-lists.ts'
import { copySource, keptHeaders, receive, tagsOfHeader, versionHeader } from './s3-objects.ts'
import { readRange } from './s3-range.ts'
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

const MIN_PART_BYTES = 5 * 1024 * 1024
const MOST_PARTS = 10_000

export function createMultipartUpload(call: S3Call): S3Answer {
  const { uploads, bucket, key, headers } = call
  bucketOf(call)
  const asked = headerText(headers, 'x-amz-checksum-algorithm')?.toLowerCase()
  const algorithm = CHECKSUM_ALGORITHMS.find((one) => one === asked)
  const tags = tagsOfHeader(headerText(headers, 'x-amz-tagging'))
  const upload = uploads.start({ bucket, key, headers: keptHeaders(headers), tags, algorithm })
  const answer = xmlAnswer('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: upload.id })
  return algorithm === undefined
    ? answer
    : { ...answer, headers: { ...answer.headers, 'x-amz-checksum-algorithm': algorithm.toUpperCase() } }
}

export async function uploadPart(call: S3Call): Promise<S3Answer> {
  const [upload, number] = [uploadOf(call), partNumber(call)]
  const path = call.uploads.newPart(upload)
  const { written, checksums } = await receive(call, path)
  keep(upload, { number, path, size: written.size, md5: written.md5, modifiedMs: Date.now() })
  return { headers: { etag: `"${written.md5.toString('hex')}"`, ...checksums } }
}

export async function uploadPartCopy(call: S3Call): Promise<S3Answer> {
  const [upload, number] = [uploadOf(call), partNumber(call)]
  const source = copySource(call)
  const range = readRange(headerText(call.headers, 'x-amz-copy-source-range'), source.object.size)
  const path = call.uploads.newPart(upload)
  const written = await writeBytes(path, createReadStream(source.path, range) as AsyncIterable<Buffer>)
  const part = { number, path, size: written.size, md5: written.md5, modifiedMs: Date.now() }
  keep(upload, part)
  return xmlAnswer('CopyPartResult', {
    LastModified: new Date(part.modifiedMs),
    ETag: `"${written.md5.toString('hex')}"`,
  })
}

export async function completeMultipartUpload(call: S3Call): Promise<S3Answer> {
  const { buckets, uploads, bucket, key, headers } = call
  const upload = uploadOf(call)
  const text = await readText({ source: openS3Body(headers, call.source).bytes })
  const parts = chosenParts(upload, text)
  const { file, path } = buckets.newFile(bucket)
  const written = await writeBytes(path, readAll(parts.map((part) => part.path)), upload.algorithm)
  const object = buckets.put(bucket, key, {
    file,
    size: written.size,
    etag: multipartEtag(parts),
    headers: upload.headers,
    checksums:
      written.checksum === undefined
        ? {}
        : { [`x-amz-checksum-${upload.algorithm}`]: written.checksum, 'x-amz-checksum-type': 'FULL_OBJECT' },
    tags: upload.tags,
  })
  uploads.end(upload)
  const answer = xmlAnswer('CompleteMultipartUploadResult', {
    Location: `http://${headerText(headers, 'host') ?? 's3.localhost'}/${bucket}/${encodeURIComponent(key)}`,
    Bucket: bucket,
    Key: key,
    ETag: `"${object.content!.etag}"`,
  })
  return { ...answer, headers: { ...answer.headers, ...versionHeader(object) } }
}

export function abortMultipartUpload(call: S3Call): S3Answer {
  call.uploads.end(uploadOf(call))
  return { status: 204 }
}

export function listParts(call: S3Call): S3Answer {
  const upload = uploadOf(call)
  const after = Number(call.query.get('part-number-marker') ?? 0)
  const most = Math.min(Number(call.query.get('max-parts') ?? 1000), 1000)
  const left = [...upload.parts.values()].sort((a, b) => a.number - b.number).filter(({ number }) => number > after)
  const shown = left.slice(0, most)
  return xmlAnswer('ListPartsResult', {
    Bucket: upload.bucket,
    Key: upload.key,
    UploadId: upload.id,
    PartNumberMarker: after,
    NextPartNumberMarker: shown.at(-1)?.number ?? 0,
    MaxParts: most,
    IsTruncated: left.length > shown.length,
    Part: shown.map(({ number, size, md5, modifiedMs }) => ({
      PartNumber: number,
      LastModified: new Date(modifiedMs),
      ETag: `"${md5.toString('hex')}"`,
      Size: size,
    })),
    Initiator: ownerOf(call),
    Owner: ownerOf(call),
    StorageClass: 'STANDARD',
  })
}

export function listMultipartUploads(call: S3Call): S3Answer {
  bucketOf(call)
  const prefix = call.query.get('prefix') ?? ''
  const found = call.uploads.of(call.bucket).filter(({ key }) => key.startsWith(prefix))
  return xmlAnswer('ListMultipartUploadsResult', {
    Bucket: call.bucket,
    KeyMarker: '',
    UploadIdMarker: '',
    MaxUploads: 1000,
    IsTruncated: false,
    Upload: found.map(({ key, id, startedMs }) => ({
      Key: key,
      UploadId: id,
      Initiator: ownerOf(call),
      Owner: ownerOf(call),
      StorageClass: 'STANDARD',
      Initiated: new Date(startedMs),
    })),
  })
}

/** A part that is sent again replaces the one before. */
function keep(upload: Upload, part: UploadPart): void {
  upload.parts.set(part.number, part)
}

function chosenParts(upload: Upload, text: string): readonly UploadPart[] {
  const named = childrenOf(parseXml(text, 'CompleteMultipartUpload'), 'Part')
  if (named.length === 0) throw s3Error('MalformedXML')
  let before = 0
  return named.map((said, index) => {
    const number = Number(textAt(said, 'PartNumber'))
    const part = upload.parts.get(number)
    const etag = textAt(said, 'ETag')?.replaceAll('"', '').replaceAll('&quot;', '')
    if (part === undefined || (etag !== undefined && etag !== part.md5.toString('hex'))) throw s3Error('InvalidPart')
    if (number <= before) throw s3Error('InvalidPartOrder')
    before = number
    if (part.size < MIN_PART_BYTES && index < named.length - 1) throw s3Error('EntityTooSmall')
    return part
  })
}

function partNumber({ query }: S3Call): number {
  const number = Number(query.get('partNumber'))
  if (!Number.isInteger(number) || number < 1 || number > MOST_PARTS)
    throw s3Error('InvalidArgument', `Part number must be an integer between 1 and ${MOST_PARTS}, inclusive`)
  return number
}

function uploadOf(call: S3Call): Upload {
  bucketOf(call)
  const upload = call.uploads.find(call.query.get('uploadId') ?? '', call.bucket, call.key)
  if (upload === undefined) throw s3Error('NoSuchUpload')
  return upload
}
