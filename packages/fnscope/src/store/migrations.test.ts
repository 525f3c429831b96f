import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMigrations, statementsOf } from './migrations.ts'

test('migrations are numbered without gaps, from 1', () => {
  const versions = readMigrations().map(({ version }) => version)
  assert.deepEqual(
    versions,
    versions.map((_, i) => i + 1),
  )
  assert.ok(versions.length > 0)
})

test('every statement of the schema may be carried out twice, and names its database', () => {
  const values = new Proxy({}, { get: () => 'X' }) as Record<string, string>
  for (const { text, name } of readMigrations()) {
    for (const statement of statementsOf(text, values)) {
      assert.match(statement, /^(CREATE (TABLE|MATERIALIZED VIEW) IF NOT EXISTS|ALTER TABLE) X\.\w+/, name)
      // What is changed of a table is columns that it lacks.
      if (statement.startsWith('ALTER'))
        for (const clause of statement.split('\n').slice(1))
          assert.match(clause, /^ {2}ADD COLUMN IF NOT EXISTS /, name)
    }
  }
})

test('every table of the schema is ready for a cluster and for exact retries', () => {
  for (const { text } of readMigrations()) {
    for (const [table] of text.matchAll(/^CREATE TABLE[^;]+;$/gm)) {
      assert.match(table, /\{local\} \{on_cluster\}/)
      assert.match(table, /ENGINE = \{(mt|replacing_mt|aggregating_mt)\}/)
      assert.match(table, /SETTINGS \{settings\}(, [a-z_]+ = \d+)*;$/)
    }
  }
})

test('a template that names what has no value is a mistake', () => {
  assert.throws(() => statementsOf('SELECT {nothing};', {}), /\{nothing\}/)
})
