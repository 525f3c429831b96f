// S3's operations on a bucket and its settings. Settings are kept and given back as they were put; of them versioning alone
// changes what happens here: nobody is denied anything, and nothing expires.
import { openS3Body } from './s3-body.ts'
import { s3Error } from './s3-error.ts'
import { ownerOf } from './s3-lists.ts'
import { bucketOf, parseXml, readText, textAt, xmlAnswer, type S3Answer, type S3Call } from './s3-request.ts'
import { ServiceError } from './service-error.ts'

const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/

interface Setting {
  /** Answered while it was never put: a document, or the error's code and words. */
  readonly absent: string | readonly [code: string, message: string]
}

const xmlns = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
const ENCRYPTION = `<ServerSideEncryptionConfiguration ${xmlns}><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>`
const OWNERSHIP = `<OwnershipControls ${xmlns}><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>`
const PUBLIC_ACCESS = `<PublicAccessBlockConfiguration ${xmlns}><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>`

/** Sub-resource → what it says before anybody put it. */
export const SETTINGS: Readonly<Record<string, Setting>> = {
  accelerate: { absent: `<AccelerateConfiguration ${xmlns}/>` },
  cors: { absent: ['NoSuchCORSConfiguration', 'The CORS configuration does not exist'] },
  encryption: { absent: ENCRYPTION },
  lifecycle: { absent: ['NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'] },
  logging: { absent: `<BucketLoggingStatus ${xmlns}/>` },
  notification: { absent: `<NotificationConfiguration ${xmlns}/>` },
  'object-lock': {
    absent: ['ObjectLockConfigurationNotFoundError', 'Object Lock configuration does not exist for this bucket'],
  },
  ownershipControls: { absent: OWNERSHIP },
  policy: { absent: ['NoSuchBucketPolicy', 'The bucket policy does not exist'] },
  publicAccessBlock: { absent: PUBLIC_ACCESS },
  replication: { absent: ['ReplicationConfigurationNotFoundError', 'The replication configuration was not found'] },
  requestPayment: {
    absent: `<RequestPaymentConfiguration ${xmlns}><Payer>BucketOwner</Payer></RequestPaymentConfiguration>`,
  },
  tagging: { absent: ['NoSuchTagSet', 'The TagSet does not exist'] },
  website: { absent: ['NoSuchWebsiteConfiguration', 'The specified bucket does not have a website configuration'] },
}

export function listBuckets(call: S3Call): S3Answer {
  const prefix = call.query.get('prefix') ?? ''
  const found = call.buckets.list().filter(({ name }) => name.startsWith(prefix))
  return xmlAnswer('ListAllMyBucketsResult', {
    Owner: ownerOf(call),
    Buckets: {
      Bucket: found.map(({ name, createdMs, region }) => ({
        Name: name,
        CreationDate: new Date(createdMs),
        BucketRegion: region,
      })),
    },
  })
}

export async function createBucket(call: S3Call): Promise<S3Answer> {
  const { buckets, bucket } = call
  const text = await readText({ source: openS3Body(call.headers, call.source).bytes })
  const asked = text.trim() === '' ? {} : parseXml(text, 'CreateBucketConfiguration')
  const region = textAt(asked, 'LocationConstraint') ?? call.region
  if (!isBucketName(bucket)) throw s3Error('InvalidBucketName', undefined, { BucketName: bucket })
  if (buckets.find(bucket) === undefined) buckets.create(bucket, region)
  // The first of all regions takes it as done, the others refuse it.
  else if (call.region !== 'us-east-1') throw s3Error('BucketAlreadyOwnedByYou', undefined, { BucketName: bucket })
  return { headers: { location: `/${bucket}` } }
}

export function isBucketName(name: string): boolean {
  return BUCKET_NAME.test(name) && !name.includes('..') && !/^\d+\.\d+\.\d+\.\d+$/.test(name)
}

export function headBucket(call: S3Call): S3Answer {
  const { region } = bucketOf(call)
  return { headers: { 'x-amz-bucket-region': region } }
}

export function deleteBucket(call: S3Call): S3Answer {
  const { name } = bucketOf(call)
  if (!call.buckets.isEmpty(name)) throw s3Error('BucketNotEmpty', undefined, { BucketName: name })
  for (const upload of call.uploads.of(name)) call.uploads.end(upload)
  call.buckets.remove(name)
  return { status: 204 }
}

export function getLocation(call: S3Call): S3Answer {
  const { region } = bucketOf(call)
  const place = region === 'us-east-1' ? '' : region
  return {
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint ${xmlns}>${place}</LocationConstraint>`,
  }
}

export function getVersioning(call: S3Call): S3Answer {
  const { versioning } = bucketOf(call)
  return xmlAnswer('VersioningConfiguration', { Status: versioning })
}

export async function putVersioning(call: S3Call): Promise<S3Answer> {
  const { name } = bucketOf(call)
  const text = await readText({ source: openS3Body(call.headers, call.source).bytes })
  const status = textAt(parseXml(text, 'VersioningConfiguration'), 'Status')
  if (status !== 'Enabled' && status !== 'Suspended') throw s3Error('MalformedXML')
  call.buckets.change(name, { versioning: status })
  return {}
}

export function getAcl(call: S3Call): S3Answer {
  bucketOf(call)
  const owner = ownerOf(call)
  return xmlAnswer('AccessControlPolicy', {
    Owner: owner,
    AccessControlList: { Grant: { Grantee: owner, Permission: 'FULL_CONTROL' } },
  })
}

export function getPolicyStatus(call: S3Call): S3Answer {
  bucketOf(call)
  return xmlAnswer('PolicyStatus', { IsPublic: false })
}

export function getSetting(call: S3Call, name: string): S3Answer {
  const { documents } = bucketOf(call)
  const type = name === 'policy' ? 'application/json' : 'application/xml'
  const put = documents[name]
  if (put !== undefined) return { headers: { 'content-type': type }, body: put }
  const { absent } = SETTINGS[name]!
  if (typeof absent !== 'string')
    throw new ServiceError(absent[0], absent[1], { status: 404, members: { BucketName: call.bucket } })
  return { headers: { 'content-type': type }, body: `<?xml version="1.0" encoding="UTF-8"?>\n${absent}` }
}

export async function putSetting(call: S3Call, name: string): Promise<S3Answer> {
  const bucket = bucketOf(call)
  const text = await readText({ source: openS3Body(call.headers, call.source).bytes })
  if (name === 'policy') checkPolicy(text)
  call.buckets.change(bucket.name, { documents: { ...bucket.documents, [name]: text } })
  return name === 'policy' || name === 'tagging' ? { status: 204 } : {}
}

export function deleteSetting(call: S3Call, name: string): S3Answer {
  const bucket = bucketOf(call)
  const { [name]: _, ...documents } = bucket.documents
  call.buckets.change(bucket.name, { documents })
  return { status: 204 }
}

function checkPolicy(text: string): void {
  try {
    JSON.parse(text)
  } catch {
    throw new ServiceError('MalformedPolicy', "Policies must be valid JSON and the first byte must be '{'")
  }
}
