// Questions to an embedded engine from outside the process that started it: what is stored, and what it takes.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { TableSize } from './subject.ts'

export interface EngineAddress {
  readonly url: string
  readonly username: string
  readonly password: string
}

/** The address of a running engine whose data directory and process we know. */
export function engineAddress(storeDir: string, pid: number): EngineAddress {
  const port = /--http_port=(\d+)/.exec(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.[1]
  if (port === undefined) throw new Error(`process ${pid} is no engine`)
  const password = readFileSync(join(storeDir, 'engine/password'), 'utf8').trim()
  return { url: `http://127.0.0.1:${port}/`, username: 'fnscope', password }
}

export function authorizationOf({ username, password }: EngineAddress): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

export async function rowsOf<Row>(engine: EngineAddress, sql: string): Promise<Row[]> {
  const headers = { authorization: authorizationOf(engine) }
  const response = await fetch(engine.url, { method: 'POST', headers, body: `${sql} FORMAT JSONEachRow` })
  const text = await response.text()
  if (!response.ok) throw new Error(`the engine answered ${response.status}: ${text.slice(0, 300)}`)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}

export async function countOf(engine: EngineAddress, table: string): Promise<number> {
  const [row] = await rowsOf<{ readonly n: string }>(engine, `SELECT toString(count()) AS n FROM ${table}`)
  return Number(row!.n)
}

/** Active parts, by table of the database. */
export async function tableSizes(engine: EngineAddress, database: string): Promise<Record<string, TableSize>> {
  const rows = await rowsOf<TableSize & { readonly table: string }>(
    engine,
    `SELECT table, toFloat64(sum(bytes_on_disk)) AS bytes, toFloat64(sum(rows)) AS rows, toFloat64(count()) AS parts
    FROM system.parts WHERE active AND database = '${database}' GROUP BY table ORDER BY bytes DESC`,
  )
  return Object.fromEntries(rows.map(({ table, bytes, rows: count, parts }) => [table, { bytes, rows: count, parts }]))
}

/** Sums of an engine since it started. */
export async function engineCounters(
  engine: EngineAddress,
): Promise<{ readonly statements: number; readonly rows: number; readonly granules: number }> {
  const rows = await rowsOf<{ readonly event: string; readonly value: number }>(
    engine,
    `SELECT event, toFloat64(value) AS value FROM system.events
    WHERE event IN ('SelectQuery', 'SelectedRows', 'SelectedMarks')`,
  )
  const valueOf = (name: string): number => rows.find(({ event }) => event === name)?.value ?? 0
  // Without the one that asks this.
  return {
    statements: valueOf('SelectQuery') - 1,
    rows: valueOf('SelectedRows'),
    granules: valueOf('SelectedMarks'),
  }
}
