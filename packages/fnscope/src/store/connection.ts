// One ClickHouse by URL: queries through the client library, inserts of raw blocks over plain HTTP. Reads the URL anew
// for each call, so an embedded engine that came back on another port is found. No table names here.
import { request as httpRequest, Agent as HttpAgent, type IncomingMessage } from 'node:http'
import { request as httpsRequest, Agent as HttpsAgent } from 'node:https'
import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client'
import { errorOfAnswer, storeErrorOf } from './clickhouse-error.ts'
import { readNative, type NativeBlock } from './native-read.ts'
import { StoreError } from './store.ts'

export interface ConnectionOptions {
  /** http(s)://[user:password@]host:port[/database] */
  readonly url: string | (() => string)
  readonly username?: string
  readonly password?: string
  readonly database: string
}

export type QueryParameters = Readonly<Record<string, unknown>>

const QUERY_TIMEOUT_MS = 60_000
const INSERT_TIMEOUT_MS = 120_000

// Pinned: what a server's profile or another session set must not change what we read.
const READ_SETTINGS = {
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_denormals: 1,
  output_format_json_quote_decimals: 0,
  date_time_output_format: 'simple',
  max_execution_time: QUERY_TIMEOUT_MS / 1000,
} as const

interface Target {
  readonly url: URL
  readonly username: string
  readonly password: string
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

export class Connection {
  readonly database: string
  readonly #options: ConnectionOptions
  readonly #agents = [
    new HttpAgent({ keepAlive: true, maxSockets: 8 }),
    new HttpsAgent({ keepAlive: true, maxSockets: 8 }),
  ] as const
  #client: ClickHouseClient | undefined
  #clientUrl = ''

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.database = options.database
  }

  /** The server's host and port, for messages: never the password. */
  get host(): string {
    return this.#target().url.host
  }

  #target(): Target {
    const { url, username, password } = this.#options
    const parsed = new URL(typeof url === 'function' ? url() : url)
    const target = {
      username: username ?? (decodeURIComponent(parsed.username) || 'default'),
      password: password ?? decodeURIComponent(parsed.password),
    }
    return { ...target, url: new URL(`${parsed.protocol}//${parsed.host}/`) }
  }

  #currentClient(): ClickHouseClient {
    const { url, username, password } = this.#target()
    const key = `${url.href} ${username} ${password}`
    if (this.#client && this.#clientUrl === key) return this.#client
    void this.#client?.close()
    this.#clientUrl = key
    this.#client = createClient({
      url,
      username,
      password,
      request_timeout: QUERY_TIMEOUT_MS,
      max_open_connections: 8,
      compression: { request: false, response: url.protocol === 'https:' },
      clickhouse_settings: READ_SETTINGS,
      // It would write to the console; every failure is thrown, and logged by whom it concerns.
      log: { level: ClickHouseLogLevel.OFF },
    })
    return this.#client
  }

  /** Rows of a SELECT. 64-bit integers come as strings. @throws StoreError */
  async query<Row>(query: string, parameters: QueryParameters = {}): Promise<Row[]> {
    try {
      const answer = await this.#currentClient().query({
        query,
        format: 'JSONEachRow',
        query_params: { ...parameters },
        use_multipart_params_auto: true,
      })
      return await answer.json<Row>()
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  /** Rows of a SELECT as columns (native-read.ts): for many columns or many rows. @throws StoreError */
  async queryNative(query: string, parameters: QueryParameters = {}): Promise<NativeBlock[]> {
    try {
      const { stream } = await this.#currentClient().exec({
        query: `${query} FORMAT Native`,
        query_params: { ...parameters },
        use_multipart_params_auto: true,
      })
      const chunks: Uint8Array[] = []
      for await (const chunk of stream) chunks.push(chunk as Uint8Array)
      return readNative(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  /** A statement without an answer. @throws StoreError */
  async command(query: string, parameters: QueryParameters = {}): Promise<void> {
    try {
      await this.#currentClient().command({
        query,
        query_params: { ...parameters },
        clickhouse_settings: { wait_end_of_query: 1 },
      })
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  /** Few rows as objects; 64-bit integers as strings. No rows: nothing is done. @throws StoreError */
  async insertRows(table: string, rows: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    if (rows.length === 0) return
    try {
      await this.#currentClient().insert({
        table: `${this.database}.${table}`,
        values: rows,
        format: 'JSONEachRow',
        clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
      })
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  /** Sends `body` as the data of `statement`. Resolves when the server has stored it. @throws StoreError */
  async send(
    statement: string,
    settings: Readonly<Record<string, string | number>>,
    body: readonly Uint8Array[],
  ): Promise<void> {
    const { url, username, password } = this.#target()
    const search = new URLSearchParams({ query: statement, wait_end_of_query: '1' })
    for (const [name, value] of Object.entries(settings)) search.set(name, String(value))
    const secure = url.protocol === 'https:'
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const request = (secure ? httpsRequest : httpRequest)(new URL(`/?${search.toString()}`, url), {
      method: 'POST',
      agent: secure ? this.#agents[1] : this.#agents[0],
      timeout: INSERT_TIMEOUT_MS,
      headers: {
        'content-length': body.reduce((sum, part) => sum + part.length, 0),
        'content-type': 'application/octet-stream',
        // Basic, not X-ClickHouse-User: the embedded engine admits by this header alone.
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      },
    })
    request.once('response', resolve).once('error', reject)
    request.once('timeout', () => request.destroy(new Error(`no answer in ${INSERT_TIMEOUT_MS} ms`)))
    for (const part of body) request.write(part)
    request.end()
    try {
      const answer = await promise
      const text = await textOf(answer)
      const code = answer.headers['x-clickhouse-exception-code']
      if (answer.statusCode !== 200 || code !== undefined)
        throw errorOfAnswer(answer.statusCode ?? 0, Array.isArray(code) ? code[0] : code, text)
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  /** @throws StoreError when there is no answer in time. */
  async ping(timeoutMs: number): Promise<void> {
    const { url } = this.#target()
    try {
      const answer = await fetch(new URL('/ping', url), { signal: AbortSignal.timeout(timeoutMs) })
      await answer.body?.cancel()
      if (!answer.ok) throw new StoreError(`the store answered ping with ${answer.status}`, { retryable: true })
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  async close(): Promise<void> {
    for (const agent of this.#agents) agent.destroy()
    await this.#client?.close()
    this.#client = undefined
  }
}
