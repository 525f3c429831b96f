// S3's lists: objects (version 1 and 2 of the call) and versions, with prefix, delimiter and pages.
import type { StoredObject } from '../control/stored-object.ts'
import { s3Error } from './s3-error.ts'
import { bucketOf, xmlAnswer, type S3Answer, type S3Call } from './s3-request.ts'

const MOST_KEYS = 1000

interface Page {
  readonly keys: readonly string[]
  readonly commonPrefixes: readonly string[]
  /** The last key or common prefix of this page; absent: nothing comes after it. */
  readonly next?: string
}

export function listObjectsV2(call: S3Call): S3Answer {
  const { query } = call
  bucketOf(call)
  const token = query.get('continuation-token')
  const startAfter = query.get('start-after') ?? ''
  const page = pageOf(call, token === null ? startAfter : Buffer.from(token, 'base64url').toString('utf8'))
  const owner = query.get('fetch-owner') === 'true'
  return xmlAnswer('ListBucketResult', {
    ...head(call),
    ...(startAfter !== '' && { StartAfter: said(call, startAfter) }),
    ...(token !== null && { ContinuationToken: token }),
    KeyCount: page.keys.length + page.commonPrefixes.length,
    IsTruncated: page.next !== undefined,
    ...(page.next !== undefined && { NextContinuationToken: Buffer.from(page.next).toString('base64url') }),
    ...contentsOf(call, page, owner),
  })
}

export function listObjects(call: S3Call): S3Answer {
  bucketOf(call)
  const marker = call.query.get('marker') ?? ''
  const page = pageOf(call, marker)
  return xmlAnswer('ListBucketResult', {
    ...head(call),
    Marker: said(call, marker),
    IsTruncated: page.next !== undefined,
    // Without a delimiter clients take the last key.
    ...(page.next !== undefined && call.query.get('delimiter') !== null && { NextMarker: said(call, page.next) }),
    ...contentsOf(call, page, true),
  })
}

export function listVersions(call: S3Call): S3Answer {
  const { query, buckets, bucket } = call
  bucketOf(call)
  const prefix = query.get('prefix') ?? ''
  const most = maxKeys(call)
  const [keyMarker, versionMarker] = [query.get('key-marker') ?? '', query.get('version-id-marker') ?? '']
  const all: { readonly object: StoredObject; readonly latest: boolean }[] = []
  for (const key of buckets.keys(bucket)) {
    if (!key.startsWith(prefix) || key < keyMarker || (key === keyMarker && versionMarker === '')) continue
    const versions = buckets.versions(bucket, key)
    const after = key === keyMarker ? versions.findIndex(({ versionId }) => versionId === versionMarker) + 1 : 0
    versions.forEach((object, index) => index >= after && all.push({ object, latest: index === 0 }))
  }
  const shown = all.slice(0, most)
  const last = shown.at(-1)?.object
  const entry = ({ object, latest }: (typeof all)[number]): object => ({
    Key: said(call, object.key),
    VersionId: object.versionId,
    IsLatest: latest,
    LastModified: new Date(object.modifiedMs),
    ...(object.content !== undefined && {
      ETag: `"${object.content.etag}"`,
      Size: object.content.size,
      StorageClass: 'STANDARD',
    }),
    Owner: ownerOf(call),
  })
  return xmlAnswer('ListVersionsResult', {
    ...head(call),
    KeyMarker: said(call, keyMarker),
    VersionIdMarker: versionMarker,
    IsTruncated: all.length > shown.length,
    ...(all.length > shown.length &&
      last !== undefined && { NextKeyMarker: said(call, last.key), NextVersionIdMarker: last.versionId }),
    Version: shown.filter(({ object }) => object.content !== undefined).map(entry),
    DeleteMarker: shown.filter(({ object }) => object.content === undefined).map(entry),
  })
}

export function ownerOf({ accountId }: S3Call): object {
  return { ID: accountId.padStart(64, '0'), DisplayName: 'fnscope' }
}

function pageOf(call: S3Call, after: string): Page {
  const { query, buckets, bucket } = call
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const most = maxKeys(call)
  const keys: string[] = []
  const prefixes = new Set<string>()
  let last: string | undefined
  for (const key of buckets.keys(bucket)) {
    if (!key.startsWith(prefix) || key <= after) continue
    if (buckets.versions(bucket, key)[0]?.content === undefined) continue
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    const common = cut < 0 ? undefined : key.slice(0, cut + delimiter.length)
    if (common !== undefined && (prefixes.has(common) || after === common)) continue
    if (keys.length + prefixes.size >= most)
      return { keys, commonPrefixes: [...prefixes], ...(last !== undefined && { next: last }) }
    if (common === undefined) keys.push(key)
    else prefixes.add(common)
    last = common ?? key
  }
  return { keys, commonPrefixes: [...prefixes] }
}

function contentsOf(call: S3Call, { keys, commonPrefixes }: Page, owner: boolean): object {
  return {
    Contents: keys.map((key) => {
      const { modifiedMs, content } = call.buckets.versions(call.bucket, key)[0]!
      return {
        Key: said(call, key),
        LastModified: new Date(modifiedMs),
        ETag: `"${content!.etag}"`,
        Size: content!.size,
        ...(owner && { Owner: ownerOf(call) }),
        StorageClass: 'STANDARD',
      }
    }),
    CommonPrefixes: commonPrefixes.map((one) => ({ Prefix: said(call, one) })),
  }
}

function head(call: S3Call): object {
  const { query, bucket } = call
  const [delimiter, encoding] = [query.get('delimiter'), query.get('encoding-type')]
  return {
    Name: bucket,
    Prefix: said(call, query.get('prefix') ?? ''),
    ...(delimiter !== null && { Delimiter: said(call, delimiter) }),
    MaxKeys: maxKeys(call),
    ...(encoding !== null && { EncodingType: encoding }),
  }
}

/** Keys may hold what XML cannot: clients ask for them encoded as in a URL. */
function said({ query }: S3Call, text: string): string {
  return query.get('encoding-type') === 'url' ? encodeURIComponent(text).replaceAll('%2F', '/') : text
}

function maxKeys({ query }: S3Call): number {
  const asked = Number(query.get('max-keys') ?? MOST_KEYS)
  if (!Number.isInteger(asked) || asked < 0)
    throw s3Error('InvalidArgument', 'Provided max-keys not an integer or within integer range')
  return Math.min(asked, MOST_KEYS)
}
