// The way of AWS calls on the main port that fnscope does not answer itself, and the record of all that functions make.
import { join } from 'node:path'
import type { AwsCall } from '../cloud/aws-call.ts'
import { LocalCloud } from '../cloud/local-cloud.ts'
import { mountPassThrough } from '../cloud/pass-through.ts'
import { SentTraces } from '../cloud/sent-traces.ts'
import type { PassThroughOptions } from '../cloud/pass-through.ts'
import type { Config } from '../config.ts'
import type { HttpServer } from '../http/server.ts'
import { newBatch } from '../span/batch.ts'
import { pushSpan } from '../span/push-span.ts'
import type { DoorContext } from './door-context.ts'

/** Scopes of signatures whose services have routes on the main port. */
const OWNED = new Set([
  'lambda',
  'xray',
  'logs',
  'monitoring',
  'cloudformation',
  'sts',
  'ssm',
  'iam',
  'ecr',
  'schemas',
  's3',
  's3express',
])

export interface PassThrough {
  readonly cloud: LocalCloud
  readonly sent: SentTraces
  /** Called for each answered call of S3. */
  onS3(listener: (call: AwsCall, traceHeader: string | undefined) => void): void
  stop(): Promise<void>
}

export interface PassThroughContext extends Pick<DoorContext, 'quickIngest' | 'counters' | 'log' | 'now' | 'notify'> {
  readonly config: Config
  readonly dataDir: string
  readonly callerOf: PassThroughOptions['callerOf']
  readonly findPython: () => Promise<string>
}

export function openPassThrough(main: HttpServer, context: PassThroughContext): PassThrough {
  const { config, dataDir, callerOf, findPython, quickIngest, counters, log, now, notify } = context
  const cloud = new LocalCloud({
    choice: config.cloud,
    cacheDir: config.cacheDir,
    dir: join(dataDir, 'cloud'),
    region: config.region,
    accountId: config.accountId,
    findPython,
    notify,
    log,
  })
  const sent = new SentTraces()
  const listeners: ((call: AwsCall, traceHeader: string | undefined) => void)[] = []
  mountPassThrough(main, {
    cloud,
    // Of API Gateway what is deployed can be read; nothing is made over its API.
    owned: (service, method) => OWNED.has(service) || (service === 'apigateway' && method === 'GET'),
    accountId: config.accountId,
    callerOf,
    sent,
    onSpan: (span) => {
      const batch = newBatch()
      pushSpan(batch.spans, span)
      void quickIngest.accept(batch).catch(() => counters.dropped.inc({ door: 'aws-calls', reason: 'queue_full' }))
    },
    onS3: (call, traceHeader) => {
      for (const listener of listeners) listener(call, traceHeader)
    },
    now,
    log,
  })
  return {
    cloud,
    sent,
    onS3: (listener) => void listeners.push(listener),
    stop: () => cloud.stop(),
  }
}
