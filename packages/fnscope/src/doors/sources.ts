// What calls functions by itself: queues, streams, topics, buses and buckets.
import { join } from 'node:path'
import { CloudClient } from '../cloud/cloud-client.ts'
import { notifyBucket } from '../cloud/sources/bucket-events.ts'
import { EventSources } from '../cloud/sources/event-sources.ts'
import type { SourceContext } from '../cloud/sources/source-context.ts'
import { StreamPositions, type StreamPositionsState } from '../cloud/sources/stream-positions.ts'
import { StateFile } from '../control/state-file.ts'
import { messageOf } from '../errors.ts'
import type { PassThrough } from './pass-through.ts'

export interface SourcesContext extends Pick<SourceContext, 'region' | 'accountId' | 'invoke' | 'notify' | 'log'> {
  readonly triggers: ConstructorParameters<typeof EventSources>[0]
  /** Of fnscope's own endpoint. */
  readonly ownClient: CloudClient
  readonly dataDir: string
}

export function openSources(passThrough: PassThrough, context: SourcesContext): Pick<EventSources, 'stop'> {
  const { triggers, ownClient, dataDir, ...rest } = context
  const { cloud, sent } = passThrough
  const client = new CloudClient({ endpoint: () => cloud.endpoint(), region: context.region })
  const file = new StateFile<StreamPositionsState>({
    path: join(dataDir, 'stream-positions.json'),
    empty: {},
    log: context.log,
  })
  const positions = new StreamPositions(file, (error) =>
    context.log.warn({ reason: messageOf(error) }, 'positions in streams not saved'),
  )
  const from: SourceContext = { ...rest, client, sent, positions }
  passThrough.onS3((call, traceHeader) => {
    const specs = triggers.all('bucketNotifications')
    if (specs.length > 0) void notifyBucket(call, traceHeader, specs, { ...from, own: ownClient })
  })
  const sources = new EventSources(triggers, from)
  return {
    async stop() {
      await sources.stop()
      positions.stop()
    },
  }
}
