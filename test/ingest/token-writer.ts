// The Writer contract in SQLite: a real store that keeps each row once a token, in a file that outlives kill -9, so that
// the log is tested without the engine. Rows are the bodies of a batch's log lines and the texts of its documents.
import { DatabaseSync } from 'node:sqlite'

import { newBatch, type Batch } from '../../packages/fnscope/src/span/batch.ts'
import { StoreError, type EncodedBlock, type Writer } from '../../packages/fnscope/src/store/store.ts'

export interface InsertCall {
  readonly table: string
  readonly rows: readonly string[]
  readonly token: string
}

export class TokenWriter implements Pick<Writer, 'encode' | 'insert' | 'recycle'> {
  readonly #database: DatabaseSync
  readonly calls: InsertCall[] = []
  /** Throws or waits to make this call fail or hang. */
  before: (call: InsertCall) => void | Promise<void> = () => undefined
  after: (call: InsertCall) => void = () => undefined

  constructor(path = ':memory:') {
    this.#database = new DatabaseSync(path)
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF')
    this.#database.exec('CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY)')
    this.#database.exec('CREATE TABLE IF NOT EXISTS rows (stored TEXT, row TEXT)')
  }

  encode(batch: Batch): EncodedBlock[] {
    return [
      block(
        'logs',
        batch.logs.map((log) => log.body),
      ),
      block(
        'documents',
        batch.documents.read().map((document) => document.text),
      ),
    ].filter((made) => made.rows > 0)
  }

  /** Makes every later look at the block fail, as it may when the memory holds another. */
  recycle({ bytes }: EncodedBlock): void {
    bytes.fill(0xff)
  }

  async insert(
    table: string,
    blocks: readonly Uint8Array[],
    token: string,
    range?: { readonly from: number; readonly to: number },
  ): Promise<void> {
    const all = blocks.flatMap((bytes) => JSON.parse(Buffer.from(bytes).toString()) as string[])
    const call = { table, rows: range === undefined ? all : all.slice(range.from, range.to), token }
    this.calls.push(call)
    await this.before(call)
    this.#database.exec('BEGIN')
    if (this.#database.prepare('INSERT OR IGNORE INTO tokens VALUES (?)').run(token).changes === 1) {
      const statement = this.#database.prepare('INSERT INTO rows VALUES (?, ?)')
      for (const row of call.rows) statement.run(table, row)
    }
    this.#database.exec('COMMIT')
    this.after(call)
  }

  rows(table: string): string[] {
    const found = this.#database.prepare('SELECT row FROM rows WHERE stored = ? ORDER BY rowid').all(table)
    return found.map((line) => String(line['row']))
  }
}

function block(table: string, rows: readonly string[]): EncodedBlock {
  return { table, rows: rows.length, bytes: Buffer.from(JSON.stringify(rows)) }
}

/** What a Writer throws: the engine is down, or some row is refused for good. */
export const storeDown = (): never => {
  throw new StoreError('connection refused', { retryable: true })
}

export function refuseRows(bad: (row: string) => boolean) {
  return ({ rows }: InsertCall): void => {
    if (rows.some(bad)) throw new StoreError('cannot parse the value', { retryable: false, code: 53 })
  }
}

export function batchOf(rows: readonly string[], documents: readonly string[] = []): Batch {
  const batch = newBatch()
  for (const body of rows) {
    batch.logs.push({
      timeNanos: 1n,
      receivedNanos: 1n,
      kind: 'function',
      logGroup: '/aws/lambda/hello',
      logStream: 's',
      service: 'hello',
      severity: '',
      severityNumber: 0,
      body,
      attributes: {},
      resource: {},
    })
  }
  for (const text of documents) {
    batch.documents.push({
      traceId: '0'.repeat(32),
      spanId: '1'.repeat(16),
      startNanos: 1n,
      receivedNanos: 1n,
      inProgress: false,
      segment: true,
      text,
    })
  }
  return batch
}
