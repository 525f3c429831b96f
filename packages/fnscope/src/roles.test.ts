import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRoles, rolesOfRoute, ROLES } from './roles.ts'

test('roles are a subset in any order, all of them by default, and nothing else', () => {
  assert.deepEqual(parseRoles(undefined), ROLES)
  assert.deepEqual(parseRoles('query, receive'), ['receive', 'query'])
  for (const text of ['', 'reader', 'query,', 'query;receive'])
    assert.throws(() => parseRoles(text), { code: 'FNS_USAGE', message: /receive,query,platform/ })
})

const ROUTES: readonly (readonly [path: string, roles: string | undefined])[] = [
  ['/TraceSegments', 'receive,platform'],
  ['/GetSamplingRules', 'receive,platform'],
  ['/CreateSamplingRule', 'receive,platform'],
  ['/SamplingStatisticSummaries', 'receive,platform'],
  ['/Groups', 'query'],
  ['/GetGroup', 'query'],
  ['/TagResource', undefined],
  ['/v1/traces', 'receive'],
  ['/v1/write/metric', 'receive'],
  ['/v2/list/dataway', 'receive'],
  ['/TraceSummaries', 'query'],
  ['/TraceGraph', 'query'],
  ['/Traces', 'query'],
  ['/ServiceGraph', 'query'],
  ['/api/traces/1-2-3', 'query'],
  ['/api/logs', 'query'],
  ['/api/apps', 'platform'],
  ['/api/apps/mine', 'platform'],
  ['/2015-03-31/functions/f/invocations', 'platform'],
  ['/api/health', undefined],
  ['/metrics', undefined],
]
for (const [path, roles] of ROUTES) {
  test(`${path} is the part of ${roles ?? 'every process'}`, () => {
    assert.equal(rolesOfRoute(path)?.join(','), roles)
  })
}
