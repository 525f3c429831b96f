// Composition root: config → store → ingest → platform → doors and APIs; stop() in reverse. Wiring only.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Apps } from './api/apps.ts'
import { mountConsole } from './api/console.ts'
import { consoleSettings } from './api/console-settings.ts'
import type { LogGroups } from './api/log-groups.ts'
import type { ConsoleApp, ConsoleHealth } from './api/console-types.ts'
import { mountFc } from './api/fc.ts'
import { mountLive } from './api/live-stream.ts'
import { mountPrometheusQuery } from './api/prometheus.ts'
import { SavedEvents } from './api/saved-events.ts'
import { mountXray, type XrayApiOptions } from './api/xray.ts'
import { groupFilterOf } from './api/xray-group-list.ts'
import { mountTempo } from './api/tempo.ts'
import { assembleDocuments } from './codec/xray-assemble.ts'
import { decodeDocument } from './codec/xray.ts'
import type { Config } from './config.ts'
import { Counters, reasonOf } from './counters.ts'
import { openDataDir } from './data-dir.ts'
import { createClock } from './functions/clock.ts'
import type { Platform } from './functions/platform.ts'
import { isolationState, type IsolationState } from './functions/isolation/isolation-state.ts'
import type { TriggerRegistry } from './functions/triggers/trigger-registry.ts'
import { findPython } from './functions/runtimes/python.ts'
import { BodyBudget } from './http/body-budget.ts'
import { closeHttpServer } from './http/server.ts'
import { jaegerEndpoint } from './doors/jaeger-endpoint.ts'
import { openJaegerDoors } from './doors/jaeger-query-door.ts'
import type { Logger } from './log.ts'
import { mountDatawayOnMain } from './doors/dataway-mount.ts'
import { openBeside } from './doors/beside.ts'
import { mountCloudWatch } from './doors/cloudwatch.ts'
import { mountConsoleFiles, NO_CONSOLE } from './doors/console-files.ts'
import type { MadeElsewhere } from './control/made-elsewhere.ts'
import { mountControlPlane } from './doors/control-plane.ts'
import type { DoorContext } from './doors/door-context.ts'
import { openTelemetryDoors } from './doors/telemetry-doors.ts'
import { LoggedInvocations } from './doors/logged-invocations.ts'
import { createMainDoor, listenMain } from './doors/main-door.ts'
import { openPassThrough } from './doors/pass-through.ts'
import { markPartialAnswers } from './doors/partial-answers.ts'
import { mountPrometheusOnMain } from './doors/prometheus-mount.ts'
import { guardRoles, missingRole } from './roles.ts'
import type { LogRecord } from './span/log-record.ts'
import { VERSION } from './version.ts'
import { openXrayDoor } from './doors/xray-door.ts'
import { openXraySettings } from './doors/xray-settings.ts'
import { openFunctions } from './open-functions.ts'
import { openRecording } from './open-recording.ts'

export interface StartOptions {
  readonly log: Logger
  /** Progress and notices for the person at the terminal. */
  readonly notify: (line: string) => void
  /** Begin with an empty store. */
  readonly fresh?: boolean
  /** A data directory in use is no failure: take a temporary one. */
  readonly shareDataDir?: boolean
}

export type { IsolationState }

export interface FnscopeServer extends AsyncDisposable {
  readonly url: string
  /** Door → address, or `closed: reason`. */
  doors(): Readonly<Record<string, string>>
  apps(): readonly ConsoleApp[]
  /** How long each signal is kept, now. */
  readonly retention: Config['retention']
  /** How functions are kept apart from the machine; absent: none run here. */
  readonly isolation?: IsolationState
  /** @throws FnscopeError */
  deploy(dir: string, parameters?: Readonly<Record<string, string>>): Promise<ConsoleApp>
  /** Called for each later deployment. */
  onDeployed(listener: (app: ConsoleApp) => void): void
  /** Called with log lines as they are taken in. */
  onLogs(listener: (lines: readonly LogRecord[]) => void): void
  /** Resolves when everything accepted so far can be read. */
  flushed(): Promise<void>
  /** Stops accepting, drains, ends what was started. Twice is fine. */
  stop(): Promise<void>
}

/** The longest a stop may take to let requests and the log drain; the whole stays under 10 s. */
const GRACE_MS = 3000
/** Of the bodies of all doors together. */
const MAX_BYTES_ON_THE_WAY = 128 * 1024 * 1024

/** Starts everything. @throws FnscopeError; what was started until then is stopped again */
export async function startServer(config: Config, options: StartOptions): Promise<FnscopeServer> {
  const { log, notify } = options
  await using cleanup = new AsyncDisposableStack()
  const counters = new Counters()
  const clock = createClock()

  const dataDir = openDataDir(config.dataDir, {
    fresh: options.fresh ?? false,
    whenInUse: options.shareDataDir ? 'temporary' : 'refuse',
  })
  cleanup.defer(() => dataDir.release())
  const recording = await openRecording(
    config,
    { dataDir: dataDir.path, counters, clock, log, drainMs: GRACE_MS },
    cleanup,
  )
  const { retention, store, ingest, answeringIngest, job, live, logListeners, lineMetrics, bounds, flushed } = recording
  const xray: XrayApiOptions = {
    reader: store,
    ingest: answeringIngest,
    ...openXraySettings(config, dataDir.path, log),
    now: clock,
    bounds,
    decode: decodeDocument,
    assemble: assembleDocuments,
    onDocuments: (taken, refused) => {
      counters.received.inc({ door: 'xray-api', signal: 'document' }, taken)
      for (const code of refused) counters.dropped.inc({ door: 'xray-api', reason: reasonOf(code) })
    },
    log,
  }

  // functions call back without knowing the token: a key of this run's own lets them in
  const functionKey = config.token === undefined ? undefined : randomBytes(10).toString('hex').toUpperCase()
  const main = createMainDoor(config, { counters, log, functionKey })
  cleanup.defer(() => closeHttpServer(main, GRACE_MS))
  guardRoles(main, config.roles)
  markPartialAnswers(main, store)
  mountXray(main, xray)
  const doorContext: DoorContext = {
    ingest: answeringIngest,
    quickIngest: ingest,
    counters,
    log,
    token: config.token,
    functionKey,
    now: clock,
    bounds,
    budget: new BodyBudget(MAX_BYTES_ON_THE_WAY),
    sampling: config.sampling,
    notify,
    ...(config.roles.includes('query') && { store }),
  }
  cleanup.defer(mountDatawayOnMain(main, doorContext))
  const { region, accountId } = config
  const logged = new LoggedInvocations({ ...doorContext, reader: store, region, accountId, flushed })
  cleanup.defer(() => logged.stop())
  // routes are mounted before it listens, but the platform wants to know its address: what they answer is read late
  const late: {
    apps?: Apps
    elsewhere?: MadeElsewhere
    groups?: LogGroups
    platform?: Platform
    triggers?: TriggerRegistry
    url?: string
  } = {}
  const passThrough = openPassThrough(main, {
    ...doorContext,
    config,
    dataDir: dataDir.path,
    callerOf: (accessKeyId) => late.platform?.callerOf(accessKeyId),
    findPython: () => findPython('python3.12'),
  })
  cleanup.defer(() => passThrough.stop())
  const control = mountControlPlane(main, {
    config,
    dataDir: dataDir.path,
    late,
    log,
  })
  const cloudWatch = mountCloudWatch(main, {
    config,
    keptDays: () => retention.current.logsDays,
    dataDir: dataDir.path,
    store,
    flushed,
    others: control.services,
    declared: {
      list: () => late.triggers?.all('metricFilters') ?? [],
      remove: (group, name) => late.triggers?.removeMetricFilter(group, name) === true,
    },
    ingest: answeringIngest,
    invocations: logged,
    counters,
    now: clock,
    log,
  })
  cleanup.defer(() => cloudWatch.stop())
  late.groups = cloudWatch.groups
  logListeners.push((lines) => cloudWatch.hear(lines))
  lineMetrics.push((lines) => cloudWatch.metricsOf(lines))
  cleanup.defer(mountPrometheusOnMain(main, doorContext))
  mountPrometheusQuery(main, { reader: store, now: clock })
  if (config.besideUrl !== undefined) {
    const file = join(dataDir.path, 'beside.json')
    const beside = openBeside({ ...doorContext, url: config.besideUrl, region, file, invocations: logged })
    cleanup.defer(() => beside.stop())
  }
  main.get('/metrics', async (_, reply) => {
    counters.graphSpansWaiting.set(job.waitingSpans)
    counters.graphRuns.set(job.runs)
    return await reply.type(counters.registry.contentType).send(await counters.registry.metrics())
  })
  const daemon = await openXrayDoor(config.doors['xray-daemon'], {
    xray,
    ingest,
    counters,
    log,
    notify,
    token: config.token,
    roles: config.roles,
    store,
  })
  cleanup.defer(() => daemon.stop())
  const telemetry = await openTelemetryDoors(config.doors, doorContext)
  cleanup.defer(() => telemetry.stop())
  const jaeger = await openJaegerDoors(config.doors, {
    ...doorContext,
    query: { reader: store, now: clock, bounds },
    store,
  })
  for (const door of [jaeger['jaeger-query'], jaeger['jaeger-query-grpc']]) cleanup.defer(() => door.stop())

  const deployedListeners: ((app: ConsoleApp) => void)[] = []
  const deploy = async (dir: string, parameters?: Readonly<Record<string, string>>): Promise<ConsoleApp> => {
    if (!config.roles.includes('platform')) throw missingRole(`Running ${dir}`, ['platform'], config.roles)
    const app = await apps.deploy(dir, parameters)
    await control.functions.keepChanges()
    for (const listener of deployedListeners) listener(app)
    return app
  }
  const doors = (): Record<string, string> => ({
    'xray-daemon': daemon.description,
    ...telemetry.descriptions,
    'jaeger-query': jaeger['jaeger-query'].description,
    'jaeger-query-grpc': jaeger['jaeger-query-grpc'].description,
  })
  const health = (): ConsoleHealth => ({
    version: VERSION,
    url: late.url ?? '',
    doors: doors(),
    apps: late.apps?.list() ?? [],
    sampling: config.sampling,
  })

  const functions = await openFunctions(
    config,
    {
      recording,
      dataDir: dataDir.path,
      counters,
      clock,
      log,
      notify,
      functionKey,
      url: () => late.url,
      daemonAddress: daemon.address,
      jaegerEndpoint: () => jaegerEndpoint(telemetry.descriptions['jaeger-thrift-http'], functionKey),
      control,
      groups: cloudWatch.groups,
      passThrough,
    },
    cleanup,
  )
  const { platform, triggers, fronts, apps, isolation } = functions
  late.platform = platform
  late.elsewhere = functions.elsewhere
  mountFc(main, { platform })
  late.triggers = triggers
  control.mountLambda(platform, triggers, () => fronts.settled())
  cleanup.defer(mountLive(main, live))
  mountConsole(main, {
    reader: store,
    apps,
    deploy,
    platform,
    now: clock,
    health,
    groupFilter: groupFilterOf(xray),
    counters,
    token: config.token,
    savedEvents: new SavedEvents({ path: join(dataDir.path, 'saved-events.json'), log }),
    retention: {
      current: () => retention.current,
      isFixed: retention.isFixed,
      with: (named) => retention.with(named),
      expired: (next) => store.countExpired(next),
      change: (next) => retention.change(next, (days) => store.setRetention(days)),
    },
    settings: () =>
      consoleSettings(config, { url: late.url ?? '', dataDir: dataDir.path, retention: retention.current }),
  })
  mountTempo(main, { reader: store, now: clock, bounds })
  if (!mountConsoleFiles(main)) notify(NO_CONSOLE)
  late.url = await listenMain(main, config, notify)
  late.apps = apps
  if (config.roles.includes('platform')) await control.restore()

  const owned = cleanup.move()
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => (stopping ??= owned.disposeAsync())
  return {
    url: late.url,
    doors,
    apps: () => apps.list(),
    get retention() {
      return retention.current
    },
    ...(config.roles.includes('platform') ? { isolation: isolationState(isolation) } : {}),
    deploy,
    onLogs: (listener) => void logListeners.push(listener),
    onDeployed: (listener) => void deployedListeners.push(listener),
    async flushed() {
      await platform.flushed()
      await flushed()
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
