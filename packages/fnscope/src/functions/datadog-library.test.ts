import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hasDatadogLibrary } from './datadog-library.ts'
import type { FunctionSpec } from './function-spec.ts'

const PLACES: readonly (readonly ['codeDir' | 'dependencyDirs' | 'layerDirs', string, boolean])[] = [
  ['codeDir', 'datadog_lambda', true],
  ['codeDir', 'node_modules/datadog-lambda-js', true],
  ['dependencyDirs', 'datadog_lambda', true],
  ['layerDirs', 'python/datadog_lambda', true],
  ['layerDirs', 'python/lib/python3.12/site-packages/datadog_lambda', true],
  ['layerDirs', 'nodejs/node_modules/datadog-lambda-js', true],
  ['layerDirs', 'datadog_lambda', false],
  ['codeDir', 'python/datadog_lambda', false],
]

for (const [where, place, found] of PLACES) {
  test(`${place} in ${where} is ${found ? '' : 'not '}found`, (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'fnscope-datadog-'))
    t.after(() => rmSync(dir, { recursive: true }))
    mkdirSync(join(dir, place), { recursive: true })
    const dirs = { codeDir: '/nowhere', dependencyDirs: [], layerDirs: [], [where]: where === 'codeDir' ? dir : [dir] }
    assert.equal(hasDatadogLibrary({ ...dirs, environment: { A: 'b' } } as unknown as FunctionSpec), found)
  })
}

test('a function with one of its variables has it', () => {
  const spec = { codeDir: '/nowhere', dependencyDirs: [], layerDirs: [], environment: { DD_SITE: 'datadoghq.eu' } }
  assert.equal(hasDatadogLibrary(spec as unknown as FunctionSpec), true)
})
