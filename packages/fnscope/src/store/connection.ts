// The servers behind one store, as one thing to ask: a question goes to the first that answers, its own before the others.
// In a cluster a question that a shard's absence fails is asked again without it, and cluster-gaps.ts remembers. No table
// names here.
import { storeErrorOf, wasNotReached } from './clickhouse-error.ts'
import { ClickHouseServer, type QueryParameters, type Settings } from './clickhouse-server.ts'
import { ClusterGaps } from './cluster-gaps.ts'
import { CLUSTER_READ, CLUSTER_WRITE } from './cluster-settings.ts'
import type { NativeBlock } from './native-read.ts'
import type { RecentTraces } from './recent-traces.ts'
import { parseStoreUrl } from './store-address.ts'

export type { QueryParameters, Settings } from './clickhouse-server.ts'

export interface ConnectionOptions {
  /**
   * http(s)://[user:password@]host:port[/database], several joined by commas. A function is asked before each call, and
   * names one server.
   */
  readonly url: string | (() => string)
  /** Before what the URL says. */
  readonly username?: string
  readonly password?: string
  readonly database: string
  /** PEM of a private authority that signed the servers' certificates. */
  readonly ca?: string
  /** Its tables are Distributed ones over this cluster. */
  readonly cluster?: string
}

/** How long a server that did not answer is asked last. */
const AWAY_MS = 5000

interface Member {
  readonly server: ClickHouseServer
  awayUntilMs: number
}

export class Connection {
  readonly database: string
  readonly #members: readonly Member[]
  readonly #home: number
  readonly #gaps: ClusterGaps | undefined
  readonly #readSettings: Settings
  readonly #writeSettings: Settings
  /** Its tables are Distributed ones. */
  readonly isCluster: boolean
  /** Where nobody else writes to the store. */
  recentTraces: RecentTraces | undefined

  constructor(options: ConnectionOptions | { readonly wholeOf: Connection }) {
    if ('wholeOf' in options) {
      const { wholeOf } = options
      this.database = wholeOf.database
      this.#members = wholeOf.#members
      this.#home = wholeOf.#home
      this.#readSettings = wholeOf.#readSettings
      this.#writeSettings = wholeOf.#writeSettings
      this.isCluster = wholeOf.isCluster
      return
    }
    const { url, database, ca, cluster } = options
    this.database = database
    const servers =
      typeof url === 'function'
        ? [new ClickHouseServer(() => parseStoreUrl(url(), options)[0]!, ca)]
        : parseStoreUrl(url, options).map((address) => new ClickHouseServer(() => address, ca))
    this.#members = servers.map((server) => ({ server, awayUntilMs: 0 }))
    // Several processes of one cluster each begin elsewhere, and stay: what one wrote through a server it reads there.
    this.#home = Math.floor(Math.random() * servers.length)
    this.isCluster = cluster !== undefined
    this.#readSettings = cluster === undefined ? {} : CLUSTER_READ
    this.#writeSettings = cluster === undefined ? {} : CLUSTER_WRITE
    if (cluster !== undefined)
      this.#gaps = new ClusterGaps(
        async (query, settings) => await this.#anywhere((server) => server.query(query, { cluster }, settings)),
      )
  }

  /** The servers' hosts and ports, for messages: never a password. */
  get host(): string {
    return this.#members.map(({ server }) => server.host).join(', ')
  }

  /** One for each server, that asks only there. */
  get servers(): readonly ClickHouseServer[] {
    return this.#members.map(({ server }) => server)
  }

  /** The same servers, for questions that are refused rather than answered without a shard. Shares its sockets. */
  whole(): Connection {
    return new Connection({ wholeOf: this })
  }

  /** What answers lack from now on; see Store.watchGaps. */
  watchGaps(): () => readonly string[] {
    return this.#gaps?.watch() ?? (() => [])
  }

  /** Rows of a SELECT. 64-bit integers come as strings. @throws StoreError */
  async query<Row>(query: string, parameters: QueryParameters = {}): Promise<Row[]> {
    return await this.#read((server, settings) => server.query<Row>(query, parameters, settings))
  }

  /** Rows of a SELECT as columns (native-read.ts): for many columns or many rows. @throws StoreError */
  async queryNative(query: string, parameters: QueryParameters = {}): Promise<NativeBlock[]> {
    return await this.#read((server, settings) => server.queryNative(query, parameters, settings))
  }

  /**
   * The same, block by block as they come, out of one buffer: for very many rows. A block is good until `take` returns.
   * `begin` is called before the first, and again when the question is asked anew. @throws StoreError
   */
  async eachNativeBlock(
    query: string,
    parameters: QueryParameters,
    { begin, take }: { readonly begin: () => void; readonly take: (block: NativeBlock) => void },
  ): Promise<void> {
    await this.#read(async (server, settings) => {
      begin()
      await server.eachNativeBlock(query, parameters, settings, take)
    })
  }

  async #read<Answer>(ask: (server: ClickHouseServer, settings: Settings) => Promise<Answer>): Promise<Answer> {
    const askWith = async (settings: Settings): Promise<Answer> =>
      await this.#anywhere((server) => ask(server, { ...this.#readSettings, ...settings }))
    return this.#gaps === undefined ? await askWith({}) : await this.#gaps.read(askWith)
  }

  /** A statement without an answer; one that may be carried out twice. @throws StoreError */
  async command(query: string, parameters: QueryParameters = {}, settings: Settings = {}): Promise<void> {
    await this.#anywhere((server) => server.command(query, parameters, { ...this.#writeSettings, ...settings }))
  }

  /** Few rows as objects; 64-bit integers as strings. No rows: nothing is done. @throws StoreError */
  async insertRows(
    table: string,
    rows: readonly Readonly<Record<string, unknown>>[],
    settings: Settings = {},
  ): Promise<void> {
    if (rows.length === 0) return
    const all = { ...this.#writeSettings, ...settings }
    await this.#anywhere((server) => server.insertRows(`${this.database}.${table}`, rows, all))
  }

  /**
   * Sends `body` as the data of `statement`. Resolves when the store has it. One server's silence is another's work: the
   * settings carry the token that makes that exact. @throws StoreError
   */
  async send(statement: string, settings: Settings, body: readonly Uint8Array[]): Promise<void> {
    await this.#anywhere((server) => server.send(statement, { ...this.#writeSettings, ...settings }, body))
  }

  /** Resolves when one server answers. @throws StoreError when none does in time. */
  async ping(timeoutMs: number): Promise<void> {
    try {
      await Promise.any(this.#members.map(({ server }) => server.ping(timeoutMs)))
    } catch (error) {
      throw storeErrorOf(error instanceof AggregateError ? error.errors[0] : error)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map(({ server }) => server.close()))
  }

  /** Its own server first, the others in turn, who did not answer of late at last. */
  #inTurn(): readonly Member[] {
    const now = performance.now()
    const turn = this.#members.map((_, i) => this.#members[(this.#home + i) % this.#members.length]!)
    return [...turn.filter((one) => one.awayUntilMs <= now), ...turn.filter((one) => one.awayUntilMs > now)]
  }

  async #anywhere<Answer>(ask: (server: ClickHouseServer) => Promise<Answer>): Promise<Answer> {
    let failure: unknown
    for (const member of this.#inTurn()) {
      try {
        const answer = await ask(member.server)
        member.awayUntilMs = 0
        return answer
      } catch (error) {
        if (!wasNotReached(error)) throw error
        member.awayUntilMs = performance.now() + AWAY_MS
        failure ??= error
      }
    }
    throw storeErrorOf(failure)
  }
}
