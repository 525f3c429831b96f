import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANYWHERE, distributedTable, localTablesOf, shardingKeyOf } from './cluster-tables.ts'
import { readMigrations, statementsOf, templateValues } from './migrations.ts'
import { schemaScope, type SchemaPlace } from './schema-scope.ts'
import { INSERT_TABLES } from './tables.ts'

const nobody: SchemaPlace = { host: 'h', query: async () => [], command: async () => {} }
const scopeOf = (mode: 'keeper' | 'nodes') =>
  schemaScope('db', { name: 'c', mode, shards: 2, hosts: ['a:1', 'b:1'] }, { any: nobody, each: [nobody, nobody] })
const statements = (mode: 'keeper' | 'nodes') => {
  const values = templateValues(scopeOf(mode), { spansDays: 1, logsDays: 1, metricsDays: 1 })
  return readMigrations().flatMap(({ text }) => statementsOf(text, values))
}

test('every table that takes inserts is local on each server, and has one over all of them', () => {
  const tables = localTablesOf(statements('nodes'), 'db')
  for (const table of Object.keys(INSERT_TABLES)) assert.ok(tables.includes(table), table)
})

test('the columns of every sharding key are columns of its table', () => {
  const all = statements('nodes')
  for (const table of localTablesOf(all, 'db')) {
    const made = all.find((statement) => statement.startsWith(`CREATE TABLE IF NOT EXISTS db.${table}_local`)) ?? ''
    // open_spans has the columns of spans.
    if (/ AS db\.\w+_local\s/.test(made)) continue
    for (const [column] of shardingKeyOf(table).matchAll(/[a-z_]+(?=[,)])/g))
      assert.match(made, new RegExp(`^  ${column} `, 'm'), `${table}: ${column}`)
  }
})

test('rows of a view lie where the rows that it is made from lie', () => {
  for (const statement of statements('nodes').filter((one) => one.startsWith('CREATE MATERIALIZED VIEW'))) {
    const [, to] = / TO db\.(\w+)_local /.exec(statement) ?? []
    const [, from] = /FROM db\.(\w+)_local/.exec(statement) ?? []
    assert.ok(to !== undefined && from !== undefined, statement.slice(0, 100))
    if (shardingKeyOf(to) !== ANYWHERE) assert.equal(shardingKeyOf(to), shardingKeyOf(from))
  }
})

test('with Keeper engines are replicated ones, with what the template gives them behind, and statements go ON CLUSTER', () => {
  const all = statements('keeper')
  for (const statement of all) assert.match(statement, / ON CLUSTER 'c'/)
  const engines = all.flatMap((statement) => /ENGINE = (.+)/.exec(statement)?.[1] ?? [])
  for (const engine of engines)
    assert.match(
      engine,
      /^Replicated\w*MergeTree\('\/clickhouse\/tables\/\{uuid\}\/\{shard\}', '\{replica\}'(, \w+)?\)$/,
    )
  assert.ok(engines.includes("ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', version)"))
  assert.match(
    all.find((one) => one.startsWith('CREATE TABLE'))!,
    /replicated_deduplication_window_seconds = 604800/,
  )
})

test('without it they are plain, at every server by itself', () => {
  const scope = scopeOf('nodes')
  assert.equal(scope.places.length, 2)
  for (const statement of statements('nodes')) assert.doesNotMatch(statement, /ON CLUSTER|Replicated/)
  assert.match(
    distributedTable('spans', scope.cluster!, scope),
    /db\.spans  AS db\.spans_local\s+ENGINE = Distributed\('c', 'db', 'spans_local', cityHash64\(trace_id\)\)/,
  )
})
