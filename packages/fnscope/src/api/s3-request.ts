// What every S3 operation is given, and the parts of a request that many of them read.
import type { IncomingHttpHeaders } from 'node:http'
import { XMLParser } from 'fast-xml-parser'
import type { BucketInfo, Buckets } from '../control/buckets.ts'
import type { Uploads } from '../control/uploads.ts'
import { isJsonObject, type JsonObject } from '../codec/json.ts'
import { s3Error } from './s3-error.ts'
import { xmlElement } from './xml.ts'

export interface S3State {
  readonly buckets: Buckets
  readonly uploads: Uploads
  readonly region: string
  readonly accountId: string
}

export interface S3Call extends S3State {
  readonly method: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** The request's body as it came over the wire. */
  readonly source: AsyncIterable<Buffer>
  /** What the request names; '' where it names none. */
  readonly bucket: string
  readonly key: string
}

export interface S3Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** XML text, or an object's bytes. */
  readonly body?: string | NodeJS.ReadableStream
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'
const MAX_XML_BYTES = 4 * 1024 * 1024
// Values stay text: a key may be `007` or `true`.
const PARSER = new XMLParser({ ignoreAttributes: true, parseTagValue: false, trimValues: false, processEntities: true })

/** One document, arrays as repeated elements. */
export function xmlAnswer(root: string, value: object): S3Answer {
  const body = xmlElement(root, value, 'flat').replace(`<${root}>`, `<${root} xmlns="${NAMESPACE}">`)
  return { headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}` }
}

/** @throws ServiceError NoSuchBucket */
export function bucketOf({ buckets, bucket }: S3Call): BucketInfo {
  const found = buckets.find(bucket)
  if (found === undefined) throw s3Error('NoSuchBucket', undefined, { BucketName: bucket })
  return found
}

export async function readText({ source }: Pick<S3Call, 'source'>): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of source) {
    bytes += piece.length
    if (bytes > MAX_XML_BYTES) throw s3Error('MalformedXML')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

/** The element `root` of the request's document. @throws ServiceError MalformedXML */
export function parseXml(text: string, root: string): JsonObject {
  let parsed: unknown
  try {
    parsed = PARSER.parse(text)
  } catch {
    throw s3Error('MalformedXML')
  }
  const found = isJsonObject(parsed) ? parsed[root] : undefined
  if (found === '') return {}
  if (!isJsonObject(found)) throw s3Error('MalformedXML')
  return found
}

/** An element that may be there once, several times or not at all. */
export function childrenOf(parent: JsonObject, name: string): readonly JsonObject[] {
  const value = parent[name]
  const all: readonly unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value]
  return all.filter(isJsonObject)
}

export function textAt(parent: JsonObject, name: string): string | undefined {
  const value = parent[name]
  return typeof value === 'string' ? value : undefined
}

export function headerText(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}
