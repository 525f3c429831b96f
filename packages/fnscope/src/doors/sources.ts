// What calls functions by itself: queues, streams, topics, buses and buckets.
import { CloudClient } from '../cloud/cloud-client.ts'
import { notifyBucket } from '../cloud/sources/bucket-events.ts'
import { EventSources } from '../cloud/sources/event-sources.ts'
import type { SourceContext } from '../cloud/sources/source-context.ts'
import type { PassThrough } from './pass-through.ts'

export interface SourcesContext extends Pick<SourceContext, 'region' | 'accountId' | 'invoke' | 'notify' | 'log'> {
  readonly triggers: ConstructorParameters<typeof EventSources>[0]
  /** Of fnscope's own endpoint. */
  readonly ownClient: CloudClient
}

export function openSources(passThrough: PassThrough, context: SourcesContext): Pick<EventSources, 'stop'> {
  const { triggers, ownClient, ...rest } = context
  const { cloud, sent } = passThrough
  const client = new CloudClient({ endpoint: () => cloud.endpoint(), region: context.region })
  const from: SourceContext = { ...rest, client, sent }
  passThrough.onS3((call, traceHeader) => {
    const specs = triggers.all('bucketNotifications')
    if (specs.length > 0) void notifyBucket(call, traceHeader, specs, { ...from, own: ownClient })
  })
  return new EventSources(triggers, from)
}
