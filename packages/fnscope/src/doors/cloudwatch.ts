// CloudWatch's two services on the main port, beside the other services that are no REST, and the state that is theirs.
import { join } from 'node:path'
import { mountAws } from '../api/aws-front.ts'
import type { AwsService } from '../api/aws-service.ts'
import { cloudWatchService } from '../api/cloudwatch.ts'
import { LiveTail } from '../api/live-tail.ts'
import { LogGroups } from '../api/log-groups.ts'
import { LogMetrics } from '../api/log-metrics.ts'
import { LogRetention } from '../api/log-retention.ts'
import { logsService } from '../api/logs.ts'
import type { DeclaredMetricFilters } from '../api/metric-filters.ts'
import { invocationsOf } from '../codec/lambda-invocations.ts'
import type { Config } from '../config.ts'
import type { HttpServer } from '../http/server.ts'
import type { LogRecord } from '../span/log-record.ts'
import type { Store } from '../store/store.ts'
import type { DoorContext } from './door-context.ts'
import type { LoggedInvocations } from './logged-invocations.ts'

export interface CloudWatchOptions extends Pick<DoorContext, 'ingest' | 'counters' | 'now' | 'log'> {
  readonly config: Pick<Config, 'region' | 'accountId'>
  /** How long lines are kept, now. */
  readonly keptDays: () => number
  readonly dataDir: string
  /** Told of the lines of functions that run elsewhere. */
  readonly invocations: Pick<LoggedInvocations, 'add'>
  readonly store: Store
  /** Resolves when everything taken so far can be read. */
  readonly flushed: () => Promise<void>
  readonly declared: DeclaredMetricFilters
  /** Mounted beside: one route takes them all. */
  readonly others: readonly AwsService[]
}

export interface CloudWatch {
  readonly groups: LogGroups
  /** To be called with every line that is taken in, on whatever way. */
  readonly hear: (lines: readonly LogRecord[]) => void
  /** What metric filters make of lines. */
  readonly metricsOf: LogMetrics['pointsOf']
  stop(): Promise<void>
}

const DAY_MS = 86_400_000

/** Adds the routes. */
export function mountCloudWatch(main: HttpServer, options: CloudWatchOptions): CloudWatch {
  const { config, log, store, now, flushed, invocations, declared, ingest } = options
  const { region, accountId } = config
  const keptMs = (): number => options.keptDays() * DAY_MS
  const groups = new LogGroups({ file: join(options.dataDir, 'log-groups.json'), nowMs: Date.now, keptMs, log })
  const retention = new LogRetention({ groups, deleteLogs: store.deleteLogs, now, log })
  const metrics = new LogMetrics({ groups, declared: declared.list, ingest, now, log })
  const liveTail = new LiveTail({ groups, accountId })
  const writing = { ingest, counters: options.counters, now }
  const logs = logsService({
    ...writing,
    groups,
    declared,
    liveTail,
    keptMs,
    region,
    accountId,
    onTaken: (taken) => invocations.add(invocationsOf(taken)),
    reader: store,
    log,
    async deleteLines(logGroup, logStream) {
      await flushed()
      await store.deleteLogs({ logGroup, ...(logStream === undefined ? {} : { logStream }) })
    },
    onRetention: () => void retention.run(),
  })
  const services = [logs, cloudWatchService({ ...writing, reader: store, region, accountId }), ...options.others]
  mountAws(main, { services, log })
  return {
    groups,
    hear(lines) {
      groups.noteLines(lines)
      liveTail.hear(lines)
    },
    metricsOf: (lines) => metrics.pointsOf(lines),
    async stop() {
      liveTail.stop()
      await metrics.stop()
      await retention.stop()
      groups.stop()
    },
  }
}
