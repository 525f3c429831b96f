// What the other files of this folder run in plain processes, in namespaces too: how invocations end, functions that do
// their worst, wrappers. The same tests; the whole folder runs so by FNSCOPE_ISOLATION=namespace.
import { test } from 'node:test'
import { chooseIsolation } from '../../packages/fnscope/src/functions/isolation/choose-isolation.ts'

const cache = process.env['FNSCOPE_TEST_CACHE']
const isolation = cache === undefined ? undefined : await chooseIsolation('auto', cache)
const reason = isolation === undefined ? 'npm test says where its cache is' : 'reason' in isolation && isolation.reason

test('this machine gives namespaces', { skip: reason }, () => {})

if (reason === false) {
  process.env['FNSCOPE_ISOLATION'] = 'namespace'
  for (const file of ['outcomes', 'hostile', 'exec-wrapper']) await import(`./${file}.test.ts`)
}
