// The functions: the platform that runs them, what calls them (URLs, schedules, queues, log groups) and the apps that they
// are deployed with. Wiring only.
import { join } from 'node:path'
import { Apps } from './api/apps.ts'
import { Fronts } from './api/front/fronts.ts'
import type { LogGroups } from './api/log-groups.ts'
import { LogSubscriptions } from './api/log-subscriptions.ts'
import { CloudClient } from './cloud/cloud-client.ts'
import { deliver } from './cloud/deliver.ts'
import { makeResources } from './cloud/make-resources.ts'
import { removeResource } from './cloud/remove-resources.ts'
import { parseLogLine } from './codec/log-line.ts'
import type { Config } from './config.ts'
import { MadeElsewhere } from './control/made-elsewhere.ts'
import type { Counters } from './counters.ts'
import type { ControlPlane } from './doors/control-plane.ts'
import type { PassThrough } from './doors/pass-through.ts'
import { openSources } from './doors/sources.ts'
import type { Clock } from './functions/clock.ts'
import { chooseIsolation } from './functions/isolation/choose-isolation.ts'
import { PLAIN, type Isolation } from './functions/isolation/isolation.ts'
import { Platform } from './functions/platform.ts'
import { findPython } from './functions/runtimes/python.ts'
import { Schedules } from './functions/triggers/schedules.ts'
import { TriggerRegistry } from './functions/triggers/trigger-registry.ts'
import { isLoopbackHost } from './http/host-names.ts'
import type { Logger } from './log.ts'
import type { Recording } from './open-recording.ts'
import { metricsOfLine } from './receive/function-log.ts'
import { FunctionTelemetry } from './receive/function-telemetry.ts'
import { Reservoir } from './sampling/reservoir.ts'
import { newBatch } from './span/batch.ts'
import { pushSpan } from './span/push-span.ts'

export interface FunctionsOptions {
  readonly recording: Recording
  readonly dataDir: string
  readonly counters: Counters
  readonly clock: Clock
  readonly log: Logger
  readonly notify: (line: string) => void
  /** Lets functions in where a token is asked for. */
  readonly functionKey: string | undefined
  /** Of fnscope's own endpoint; undefined until it listens. */
  readonly url: () => string | undefined
  /** host:port of the X-Ray daemon's door; undefined when it is closed. */
  readonly daemonAddress: string | undefined
  readonly jaegerEndpoint: () => string | undefined
  readonly control: ControlPlane
  readonly groups: LogGroups
  readonly passThrough: PassThrough
}

export interface Functions {
  readonly platform: Platform
  readonly triggers: TriggerRegistry
  readonly fronts: Fronts
  readonly apps: Apps
  readonly elsewhere: MadeElsewhere
  readonly isolation: Isolation
}

/** What is opened is closed by `cleanup`. @throws FnscopeError */
export async function openFunctions(
  config: Config,
  options: FunctionsOptions,
  cleanup: AsyncDisposableStack,
): Promise<Functions> {
  const { recording, dataDir, counters, clock, log, notify, functionKey, url } = options
  const { daemonAddress, jaegerEndpoint, control, groups, passThrough } = options
  const { ingest, bounds, logListeners } = recording
  const { region, accountId } = config
  const functionTelemetry = new FunctionTelemetry({ ingest, counters, now: clock, bounds })
  const isolation = config.roles.includes('platform')
    ? await chooseIsolation(config.isolation, config.cacheDir, dataDir)
    : PLAIN
  // As any client would: each call finds its way to whoever has the service.
  const ownClient = new CloudClient({
    endpoint: async () => url() ?? '',
    region,
    accessKeyId: functionKey ?? config.token,
  })
  const platform = new Platform({
    ingest,
    log,
    counters,
    sampling: config.sampling,
    segmentStyle: config.segmentStyle,
    billing: config.billing,
    anatomy: config.anatomy,
    freeze: config.freeze,
    watchCode: config.watch,
    accountId: config.accountId,
    region: config.region,
    daemonAddress,
    endpointUrl: url,
    jaegerEndpoint,
    accessKeyId: functionKey,
    versionOfAlias: (name, alias) => control.functions.versionOfAlias(name, alias),
    cacheDir: config.cacheDir,
    isolation,
    strictRuntime: config.strictRuntime,
    readLine: parseLogLine,
    metricsOfLine: (text) => metricsOfLine({ text, service: '', timeNanos: clock() }),
    divertLine: (text, from) => functionTelemetry.take(text, from),
    deliver: async (arn, message) => void (await deliver(ownClient, arn, message)),
    notify,
    clock,
  })
  cleanup.defer(() => platform.stop())
  const triggers = new TriggerRegistry()
  const fronts = new Fronts({
    triggers,
    portsFile: join(dataDir, 'ports.json'),
    // A caller of the user's own API cannot know our token: its front is this machine's alone, wherever we listen.
    host: isLoopbackHost(config.host) ? config.host : '127.0.0.1',
    region,
    accountId,
    newSampler: config.sampling === 'cloud' ? () => newSampler(clock) : undefined,
    onStageSpan: (span) => {
      const batch = newBatch()
      pushSpan(batch.spans, span)
      void ingest.accept(batch).catch(() => counters.dropped.inc({ door: 'rest-api', reason: 'queue_full' }))
    },
    invoke: async (request) =>
      await platform.invoke({ ...request, withoutLog: true, invocationType: 'RequestResponse' }),
    log,
    counters,
  })
  cleanup.defer(() => fronts.stop())
  const sources = openSources(passThrough, {
    triggers,
    ownClient,
    dataDir,
    region,
    accountId,
    invoke: async ({ event, ...request }) =>
      await platform.invoke({ ...request, payload: Buffer.from(JSON.stringify(event)), withoutLog: true }),
    notify,
    log,
  })
  cleanup.defer(() => sources.stop())
  if (config.schedules) {
    const schedules = new Schedules(triggers, {
      region,
      accountId,
      invoke: async (functionName, payload) =>
        await platform.invoke({ functionName, payload: Buffer.from(payload), invocationType: 'Event' }),
      notify,
    })
    cleanup.defer(() => schedules.stop())
  }
  const subscriptions = new LogSubscriptions({
    groups,
    declared: () => triggers.all('logSubscriptions'),
    find: (name) => platform.find(name),
    invoke: async (functionName, event) =>
      await platform.invoke({ functionName, payload: Buffer.from(JSON.stringify(event)), invocationType: 'Event' }),
    accountId,
    log,
  })
  logListeners.push((lines) => subscriptions.hear(lines))
  cleanup.defer(() => subscriptions.stop())
  const elsewhere = new MadeElsewhere({
    path: join(dataDir, 'control/elsewhere.json'),
    make: (resources) => makeResources(ownClient, resources, notify),
    remove: (resource) => removeResource(ownClient, resource, { region, accountId, notify }),
    log,
  })
  const apps = new Apps({
    platform,
    region: config.region,
    accountId: config.accountId,
    cacheDir: config.cacheDir,
    segmentStyle: config.segmentStyle,
    fcTracing: config.fcTracing,
    findPython: (runtime) => findPython(runtime, { notify, strict: config.strictRuntime }),
    surroundings: control.surroundings,
    notify,
    triggers,
    fronts,
    endpointUrl: url,
    elsewhere,
    directories: control.directories,
    keep: control.keep,
    release: (name) => control.functions.release(name),
  })
  return { platform, triggers, fronts, apps, elsewhere, isolation }
}

/** 1/s and 5 % of the rest. */
function newSampler(nowNanos: Clock): () => boolean {
  const reservoir = new Reservoir({ nowNanos })
  return () => reservoir.take()
}
