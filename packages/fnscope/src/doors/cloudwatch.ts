// CloudWatch's two services on the main port, and the state that belongs to them.
import { join } from 'node:path'
import { mountAws } from '../api/aws-front.ts'
import { cloudWatchService } from '../api/cloudwatch.ts'
import { LogGroups } from '../api/log-groups.ts'
import { logsService } from '../api/logs.ts'
import { invocationsOf } from '../codec/lambda-invocations.ts'
import type { Config } from '../config.ts'
import type { HttpServer } from '../http/server.ts'
import type { DoorContext } from './door-context.ts'
import type { LoggedInvocations } from './logged-invocations.ts'

export interface CloudWatchOptions extends Pick<DoorContext, 'ingest' | 'counters' | 'now' | 'log'> {
  readonly config: Pick<Config, 'retention' | 'region' | 'accountId'>
  readonly dataDir: string
  /** Told of the lines of functions that run elsewhere. */
  readonly invocations: Pick<LoggedInvocations, 'add'>
}

const DAY_MS = 86_400_000

/** Adds the routes. The groups are told of every line that is taken in, on whatever way. */
export function mountCloudWatch(main: HttpServer, options: CloudWatchOptions): LogGroups {
  const { config, log, invocations, ...writing } = options
  const { region, accountId } = config
  const keptMs = config.retention.logsDays * DAY_MS
  const groups = new LogGroups({ file: join(options.dataDir, 'log-groups.json'), nowMs: Date.now, keptMs, log })
  const logs = logsService({
    ...writing,
    groups,
    keptMs,
    region,
    accountId,
    onTaken: (taken) => invocations.add(invocationsOf(taken)),
  })
  mountAws(main, { services: [logs, cloudWatchService(writing)], log })
  return groups
}
