// One ClickHouse server: queries through the client library, inserts of raw blocks over plain HTTP. Asks for its address
// before each call, so an embedded engine that came back on another port is found. No table names, no second server.
import { type Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http'
import { type Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client'
import { errorOfAnswer, storeErrorOf } from './clickhouse-error.ts'
import { readNative, type NativeBlock } from './native-read.ts'
import { NativeStream } from './native-stream.ts'
import { createAgent } from './server-agents.ts'
import type { ServerAddress } from './store-address.ts'
import { StoreError } from './store.ts'

export type QueryParameters = Readonly<Record<string, unknown>>
export type Settings = Readonly<Record<string, string | number>>

const QUERY_TIMEOUT_MS = 60_000
const INSERT_TIMEOUT_MS = 120_000

// Pinned: what a server's profile or another session set must not change what we read.
const READ_SETTINGS = {
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_denormals: 1,
  output_format_json_quote_decimals: 0,
  date_time_output_format: 'simple',
  max_execution_time: QUERY_TIMEOUT_MS / 1000,
  // Servers up to 26.5 leave rows out with it where a skip index and PREWHERE meet (ClickHouse issue 104781); and as times
  // differ from question to question, it would hardly be met.
  use_query_condition_cache: 0,
} as const

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

export class ClickHouseServer {
  readonly #address: () => ServerAddress
  readonly #ca: string | undefined
  /** Two, because the client library ends sockets of its agent that it takes for idle. */
  #queryAgent: HttpAgent | HttpsAgent | undefined
  #insertAgent: HttpAgent | HttpsAgent | undefined
  #client: ClickHouseClient | undefined
  #clientOf = ''

  /** `ca`: PEM of a private authority. */
  constructor(address: () => ServerAddress, ca?: string) {
    this.#address = address
    this.#ca = ca
  }

  /** Host and port, for messages: never the password. */
  get host(): string {
    return this.#address().url.host
  }

  #agentFor(url: URL): HttpAgent | HttpsAgent {
    return (this.#insertAgent ??= createAgent(url.protocol, this.#ca))
  }

  #currentClient(): ClickHouseClient {
    const { url, username, password } = this.#address()
    const key = `${url.href} ${username} ${password}`
    if (this.#client && this.#clientOf === key) return this.#client
    void this.#client?.close()
    this.#clientOf = key
    this.#client = createClient({
      url,
      username,
      password,
      request_timeout: QUERY_TIMEOUT_MS,
      http_agent: (this.#queryAgent ??= createAgent(url.protocol, this.#ca)),
      compression: { request: false, response: url.protocol === 'https:' },
      clickhouse_settings: READ_SETTINGS,
      // It would write to the console; every failure is thrown, and logged by whom it concerns.
      log: { level: ClickHouseLogLevel.OFF },
    })
    return this.#client
  }

  /** Rows of a SELECT. 64-bit integers come as strings. @throws StoreError */
  async query<Row>(query: string, parameters: QueryParameters = {}, settings: Settings = {}): Promise<Row[]> {
    try {
      const answer = await this.#currentClient().query({
        query,
        format: 'JSONEachRow',
        query_params: { ...parameters },
        clickhouse_settings: { ...settings },
        use_multipart_params_auto: true,
      })
      return await answer.json<Row>()
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  /** Rows of a SELECT as columns (native-read.ts). @throws StoreError */
  async queryNative(query: string, parameters: QueryParameters, settings: Settings): Promise<NativeBlock[]> {
    try {
      const { stream } = await this.#currentClient().exec({
        query: `${query} FORMAT Native`,
        query_params: { ...parameters },
        clickhouse_settings: { ...settings },
        use_multipart_params_auto: true,
      })
      const chunks: Uint8Array[] = []
      for await (const chunk of stream) chunks.push(chunk as Uint8Array)
      return readNative(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  /** The same, block by block as they come: a block is good until `take` returns. @throws StoreError */
  async eachNativeBlock(
    query: string,
    parameters: QueryParameters,
    settings: Settings,
    take: (block: NativeBlock) => void,
  ): Promise<void> {
    const blocks = new NativeStream(take)
    try {
      const { stream } = await this.#currentClient().exec({
        query: `${query} FORMAT Native`,
        query_params: { ...parameters },
        clickhouse_settings: { ...settings },
        use_multipart_params_auto: true,
      })
      for await (const chunk of stream) blocks.write(chunk as Uint8Array)
      blocks.end()
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  /** A statement without an answer. @throws StoreError */
  async command(query: string, parameters: QueryParameters = {}, settings: Settings = {}): Promise<void> {
    try {
      await this.#currentClient().command({
        query,
        query_params: { ...parameters },
        clickhouse_settings: { ...settings, wait_end_of_query: 1 },
      })
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  /** Few rows as objects; 64-bit integers as strings. `table` with its database. @throws StoreError */
  async insertRows(
    table: string,
    rows: readonly Readonly<Record<string, unknown>>[],
    settings: Settings,
  ): Promise<void> {
    try {
      await this.#currentClient().insert({
        table,
        values: rows,
        format: 'JSONEachRow',
        clickhouse_settings: { ...settings, async_insert: 0, wait_end_of_query: 1 },
      })
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  /** Sends `body` as the data of `statement`. Resolves when the server has stored it. @throws StoreError */
  async send(statement: string, settings: Settings, body: readonly Uint8Array[]): Promise<void> {
    const { url, username, password } = this.#address()
    const search = new URLSearchParams({ query: statement, wait_end_of_query: '1' })
    for (const [name, value] of Object.entries(settings)) search.set(name, String(value))
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(new URL(`/?${search.toString()}`, url), {
      method: 'POST',
      agent: this.#agentFor(url),
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
    const { url } = this.#address()
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(new URL('/ping', url), {
      agent: this.#agentFor(url),
      signal: AbortSignal.timeout(timeoutMs),
    })
    request.once('response', resolve).once('error', reject).end()
    try {
      const answer = await promise
      answer.resume()
      if (answer.statusCode !== 200)
        throw new StoreError(`the store answered ping with ${answer.statusCode}`, { retryable: true })
    } catch (error) {
      throw storeErrorOf(error)
    }
  }

  async close(): Promise<void> {
    this.#insertAgent?.destroy()
    await this.#client?.close()
    this.#queryAgent?.destroy()
    this.#client = undefined
  }
}
