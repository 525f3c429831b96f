// A ClickHouse URL, the embedded engine's or a server's, opened as a Store: checked, migrated, ready. Same code for both.
import { FnscopeError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Batch } from '../span/batch.ts'
import { checkServer } from './check-server.ts'
import { checkCluster } from './cluster-check.ts'
import { describeCluster } from './cluster.ts'
import type { ClickHouseServer } from './clickhouse-server.ts'
import { Connection } from './connection.ts'
import { giveBytes } from './block-memory.ts'
import { encodeBatch } from './encode.ts'
import { takeLease } from './lease.ts'
import { learnInserted, learnStoredTraces } from './learn-traces.ts'
import { annotationKeys, annotationValues } from './annotation-words.ts'
import { listOperations, listServices } from './list-services.ts'
import { spanSeries } from './span-series.ts'
import { countTraces, latencyGrid } from './trace-facets.ts'
import { listTraces } from './list-traces.ts'
import { migrate } from './migrate.ts'
import { OpenSpans } from './open-spans.ts'
import { noteReach, readGraph, replacePeriods } from './graph-rows.ts'
import { graphTraceParts, readGraphSpans } from './graph-spans.ts'
import { graphPeriods, graphReach, graphSpanCounts, graphState } from './graph-state.ts'
import { deleteLogs, readLogEvents } from './read-log-events.ts'
import { metricSeries, metricStatistics } from './read-metric-statistics.ts'
import { countExpired } from './count-expired.ts'
import { functionFigures } from './function-figures.ts'
import { logHistogram } from './log-histogram.ts'
import { metricColumns } from './metric-columns.ts'
import { readLogs, readMetrics } from './read-signals.ts'
import { readPhases } from './read-phases.ts'
import { RecentTraces } from './recent-traces.ts'
import { readDocuments, readListed, readSpans } from './read-traces.ts'
import { resourceKeys } from './resource-keys.ts'
import { alterRetention, deleteExpired } from './retention.ts'
import { schemaScope, type SchemaScope } from './schema-scope.ts'
import { checkDatabase, checkCluster as checkClusterName, databaseOf, parseStoreUrl } from './store-address.ts'
import { StoreError, type Reader, type Retention, type Store } from './store.ts'
import { tracesEndingIn, tracesOfRequests } from './request-traces.ts'
import { traceIdsStarting, traceStarts } from './trace-starts.ts'
import { insertBlocks } from './writer.ts'

export interface OpenStoreOptions {
  /**
   * http(s)://[user:password@]host:port[/database]; of a cluster one or more, joined by commas. A function is asked before
   * each call: an engine may come back elsewhere.
   */
  readonly url: string | (() => string)
  /** Before what the URL says. */
  readonly username?: string
  readonly password?: string
  /** Before the URL's path; `fnscope` when neither says one. */
  readonly database?: string
  /** Name among the servers' remote_servers: the tables are spread over it. */
  readonly cluster?: string
  /** PEM of a private authority that signed the servers' certificates. */
  readonly ca?: string
  /** No other process can use this store: a lease is had for the asking. */
  readonly alone?: boolean
  readonly retention: Retention
  readonly log: Logger
  /** The clock, milliseconds since 1970; for tests. */
  readonly now?: () => number
}

/**
 * Opens the store: reaches the servers, checks that they can do what we need, creates or migrates the database, and sets
 * the retention for what comes. @throws FnscopeError FNS_USAGE, FNS_STORE_UNREACHABLE, FNS_STORE_REFUSED
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const connection = new Connection({ ...options, database: checkedNames(options) })
  try {
    return storeOver(connection, await setUp(connection, options), options)
  } catch (error) {
    await connection.close()
    if (!(error instanceof StoreError)) throw error
    throw new FnscopeError(
      'FNS_STORE_REFUSED',
      `The store at ${connection.host} refused to set up database "${connection.database}": ${error.message}`,
      { cause: error },
    )
  }
}

/** The database. @throws FnscopeError FNS_USAGE */
function checkedNames({ url, database, cluster }: OpenStoreOptions): string {
  const text = typeof url === 'function' ? url() : url
  if (cluster !== undefined) checkClusterName(cluster)
  else if (parseStoreUrl(text).length > 1) {
    throw new FnscopeError(
      'FNS_USAGE',
      '--store names several servers: say with --cluster NAME which cluster of theirs it is, or name one.',
    )
  }
  return database === undefined ? databaseOf(text) : checkDatabase(database)
}

async function setUp(connection: Connection, options: OpenStoreOptions): Promise<SchemaScope> {
  const { retention, log, cluster: name } = options
  const { there, away } = await reachable(connection)
  if (away.length > 0) log.warn({ away }, 'servers of the store that do not answer')
  const cluster = name === undefined ? undefined : await describeCluster(connection, name, connection.database)
  const scope = schemaScope(connection.database, cluster, { any: connection, each: there })
  const lease = async (which: string, holder: string, seconds: number): Promise<boolean> =>
    options.alone === true || (await takeLease(connection, which, holder, seconds))
  await migrate({ scope, retention, log, away, lease })
  const absent = await checkCluster(connection, scope)
  if (absent.length > 0) log.warn({ absent }, 'servers of the cluster that do not answer')
  await alterRetention(scope, retention, log)
  return scope
}

/** The servers that answer, at least one. @throws FnscopeError of the first that does not, when none does */
async function reachable(
  connection: Connection,
): Promise<{ readonly there: readonly ClickHouseServer[]; readonly away: readonly string[] }> {
  const there: ClickHouseServer[] = []
  const away: string[] = []
  let failure: unknown
  const checks = connection.servers.map(async (server) => [server, await failureOf(checkServer(server))] as const)
  for (const [server, error] of await Promise.all(checks)) {
    if (error === undefined) there.push(server)
    else if (error instanceof FnscopeError && error.code === 'FNS_STORE_UNREACHABLE') {
      away.push(server.host)
      failure ??= error
    } else throw error
  }
  if (there.length === 0) throw failure
  return { there, away }
}

async function failureOf(work: Promise<void>): Promise<unknown> {
  try {
    await work
    return undefined
  } catch (error) {
    return error
  }
}

function nowNanos({ now = Date.now }: OpenStoreOptions): bigint {
  return BigInt(Math.floor(now())) * 1_000_000n
}

/** The questions, asked over that connection. */
function readerOver(connection: Connection, options: OpenStoreOptions, openSpans: OpenSpans): Reader {
  const { log } = options
  return {
    readSpans: (traceIds) => readSpans(connection, traceIds, { log, openSpans }),
    readListed: (rows, parts) => readListed(connection, rows, { log, openSpans, parts }),
    readPhases: (rows) => readPhases(connection, rows),
    readDocuments: (traceIds) => readDocuments(connection, traceIds, options),
    listTraces: (list) => listTraces(connection, openSpans, list),
    annotationKeys: (range, limit) => annotationKeys(connection, range, limit),
    annotationValues: (range, key, limit) => annotationValues(connection, range, { key, limit }),
    countTraces: (query) => countTraces(connection, query),
    latencyGrid: (query) => latencyGrid(connection, query),
    spanSeries: (query) => spanSeries(connection, query),
    services: (range) => listServices(connection, range),
    operations: (range, service) => listOperations(connection, range, service),
    resourceKeys: (range) => resourceKeys(connection, range),
    traceIdsStarting: (range, limit) => traceIdsStarting(connection, range, limit),
    traceStarts: (traceIds) => traceStarts(connection, traceIds),
    tracesOfRequests: (requestIds, limit) => tracesOfRequests(connection, requestIds, limit),
    tracesEndingIn: (lowHalf, limit) => tracesEndingIn(connection, lowHalf, limit),
    readGraphSpans: (query, into) => readGraphSpans(connection, query, into),
    graphTraceParts: (range, parts) => graphTraceParts(connection, range, parts),
    graphMinutes: async (range) => [...(await graphState(connection, range)).minutes],
    graphState: (range) => graphState(connection, range),
    graphSpanCounts: (ranges) => graphSpanCounts(connection, ranges),
    graphReach: (slices) => graphReach(connection, slices),
    graphPeriods: (range) => graphPeriods(connection, range),
    readGraph: (periods, nodes) => readGraph(connection, periods, nodes),
    readLogs: (query) => readLogs(connection, query),
    logHistogram: (query) => logHistogram(connection, query),
    readLogEvents: (query) => readLogEvents(connection, query),
    readMetrics: (query) => readMetrics(connection, query),
    metricSeries: (query) => metricSeries(connection, query),
    metricStatistics: (query) => metricStatistics(connection, query),
    metricColumns: (query) => metricColumns(connection, query),
    functionFigures: (range) => functionFigures(connection, range),
  }
}

function storeOver(connection: Connection, scope: SchemaScope, options: OpenStoreOptions): Store {
  const openSpans = new OpenSpans(connection, options.alone === true)
  if (options.alone === true) {
    connection.recentTraces = new RecentTraces()
    void learnStoredTraces(connection, connection.recentTraces, options.log)
  }
  return {
    encode: (batch: Batch) => encodeBatch(batch),
    recycle: (block) => giveBytes(block.bytes),
    insert: async (table, blocks, token, rows) => {
      if (table === 'open_spans') openSpans.note()
      const recent = table === 'spans' ? connection.recentTraces : undefined
      try {
        await insertBlocks(connection, table, blocks, token, rows)
      } catch (error) {
        if (recent !== undefined) await learnInserted(recent, blocks, { isStored: false, rows })
        throw error
      }
      if (recent !== undefined) await learnInserted(recent, blocks, { isStored: true, rows })
    },
    replacePeriods: (periods) => replacePeriods(connection, periods),
    noteReach: (reaching, marked) => noteReach(connection, reaching, marked),
    setRetention: async (retention) => {
      // In this order: the deletion would wait for the parts that the change goes through.
      await deleteExpired(scope, retention, nowNanos(options))
      await alterRetention(scope, retention, options.log)
    },
    countExpired: (retention) => countExpired(connection, retention, nowNanos(options)),
    deleteLogs: (lines) => deleteLogs(scope, lines),
    ...readerOver(connection, options, openSpans),
    whole: readerOver(connection.whole(), options, openSpans),
    watchGaps: () => connection.watchGaps(),
    lease: async (name, holder, seconds) =>
      options.alone === true || (await takeLease(connection, name, holder, seconds)),
    ping: (timeoutMs) => connection.ping(timeoutMs),
    close: () => connection.close(),
  }
}
