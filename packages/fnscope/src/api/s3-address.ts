// Which requests of the main port are S3's, and which bucket and key they name. S3 has no path of its own: a bucket may be
// called anything, so the signature's scope tells, or a host that names S3.
import type { IncomingHttpHeaders } from 'node:http'

/** Where S3's routes are mounted; no other route begins so. */
export const S3_MOUNT = '/.s3'

export interface S3Address {
  /** Absent: the service itself (ListBuckets). */
  readonly bucket?: string
  /** Absent: the bucket itself. */
  readonly key?: string
}

export interface AddressedRequest {
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

/** The URL under S3_MOUNT, path style, of a request that is for S3; of any other the URL as it is. */
export function routeS3({ url, headers }: AddressedRequest): string {
  const bucket = bucketOfHost(headers.host ?? '')
  if (bucket === undefined && !isSignedForS3(url, headers.authorization)) return url
  return bucket === undefined || bucket === '' ? `${S3_MOUNT}${url}` : `${S3_MOUNT}/${bucket}${url}`
}

/** `AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/s3/aws4_request`, in the header or in a presigned URL. */
function isSignedForS3(url: string, authorization = ''): boolean {
  if (/^AWS4-\S+\s.*?Credential=[^,]+\/s3(?:express)?\/aws4_request/.test(authorization)) return true
  // Version 2 of the signature is S3's alone.
  if (/^AWS [^:\s]+:\S+$/.test(authorization)) return true
  return /[?&]X-Amz-Credential=[^&]*(?:%2F|\/)s3(?:%2F|\/)aws4_request/i.test(url) || /[?&]AWSAccessKeyId=/.test(url)
}

/** '' when the host is S3's without a bucket; undefined when it is not S3's. */
function bucketOfHost(host: string): string | undefined {
  const match =
    /^(?:([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\.)?s3[.-](?:[a-z0-9-]+\.)?(?:localhost|amazonaws\.com(?:\.cn)?)(?::\d+)?$/i.exec(
      host,
    )
  return match === null ? undefined : (match[1] ?? '').toLowerCase()
}

/** Of a URL below S3_MOUNT. @throws URIError */
export function s3AddressOf(mountedUrl: string): S3Address {
  const path = mountedUrl.slice(S3_MOUNT.length).split('?', 1)[0]!.replace(/^\//, '')
  const slash = path.indexOf('/')
  const bucket = decodeURIComponent(slash < 0 ? path : path.slice(0, slash))
  const key = slash < 0 ? '' : decodeURIComponent(path.slice(slash + 1))
  return { ...(bucket !== '' && { bucket }), ...(key !== '' && { key }) }
}

/** Bucket, key and version that an S3 URL of any style names: templates and code are said this way. */
export function parseS3Url(
  text: string,
): { readonly bucket: string; readonly key: string; readonly versionId?: string } | undefined {
  const s3 = /^s3:\/\/([^/]+)\/(.+)$/.exec(text)
  if (s3) return { bucket: s3[1]!, key: s3[2]! }
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const hosted = bucketOfHost(url.host)
  const parts = url.pathname.slice(1).split('/').map(decodeURIComponent)
  const bucket = hosted === undefined || hosted === '' ? parts.shift() : hosted
  const key = parts.join('/')
  const versionId = url.searchParams.get('versionId')
  return bucket === undefined || key === '' ? undefined : { bucket, key, ...(versionId !== null && { versionId }) }
}
