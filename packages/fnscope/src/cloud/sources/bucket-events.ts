// Notifications of buckets: fnscope has S3 itself, so each answered call that changes an object is looked at.
import { randomBytes } from 'node:crypto'
import type { BucketNotificationSpec } from '../../functions/trigger-spec.ts'
import { s3Event } from '../../functions/triggers/source-events.ts'
import { messageOf } from '../../errors.ts'
import type { AwsCall } from '../aws-call.ts'
import type { CloudClient } from '../cloud-client.ts'
import { deliver } from '../deliver.ts'
import type { SourceContext } from './source-context.ts'

/** Operation → the event's name. */
const NAMES: Readonly<Record<string, string>> = {
  PutObject: 'ObjectCreated:Put',
  CopyObject: 'ObjectCreated:Copy',
  CompleteMultipartUpload: 'ObjectCreated:CompleteMultipartUpload',
  PostObject: 'ObjectCreated:Post',
  DeleteObject: 'ObjectRemoved:Delete',
}

/** @param own of fnscope, which has the objects */
export async function notifyBucket(
  call: AwsCall,
  traceHeader: string | undefined,
  specs: readonly BucketNotificationSpec[],
  context: SourceContext & { readonly own: CloudClient },
): Promise<void> {
  const name = NAMES[call.operation]
  const { bucket_name: bucket = '', key = '' } = call.resource
  const heard = specs.filter(
    (spec) =>
      name !== undefined &&
      spec.bucket === bucket &&
      key.startsWith(spec.prefix) &&
      key.endsWith(spec.suffix) &&
      spec.events.some((event) => means(event, name)),
  )
  if (heard.length === 0) return
  try {
    const path = `/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`
    const found = name!.startsWith('ObjectCreated') ? await context.own.headObject(path) : undefined
    const requestId = randomBytes(8).toString('hex').toUpperCase()
    for (const { target, logicalId } of heard) {
      const event = s3Event(
        { bucket, key, name: name!, timeMs: Date.now(), requestId, ...found },
        context.region,
        logicalId,
      )
      if (target.startsWith('arn:')) await send(context, target, event, traceHeader)
      else await context.invoke({ functionName: target, event, invocationType: 'Event', traceHeader })
    }
  } catch (error) {
    context.log.warn({ reason: messageOf(error), bucket }, 'bucket notification not handed on')
  }
}

/** To a queue or a topic, which a function behind it continues or links. */
async function send(
  { client, sent }: SourceContext,
  arn: string,
  event: object,
  traceHeader: string | undefined,
): Promise<void> {
  const body = JSON.stringify(event)
  const traced = traceHeader === undefined ? {} : { traceHeader }
  const key = await deliver(client, arn, { body, subject: 'Amazon S3 Notification', ...traced })
  if (traceHeader !== undefined) sent.note(key, traceHeader)
}

/** `s3:ObjectCreated:*` means every ObjectCreated. */
function means(event: string, name: string): boolean {
  const wanted = event.replace(/^s3:/, '')
  return wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : wanted === name
}
