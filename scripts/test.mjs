// `npm test [-- PATTERN]`: sets up what is missing, then the checks, then every test that drives real processes and clients;
// with a pattern only the test files, of either kind, that have it in their path.
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { check } from './check.mjs'
import {
  COMPILED,
  NODE,
  ROOT,
  VENV,
  WORK,
  ensureConsole,
  ensureDependencies,
  ensureTestClients,
  runHere,
  withSetup,
} from './setup.mjs'

const pattern = process.argv[2] ?? ''

function testFiles(dir) {
  return readdirSync(join(ROOT, dir), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((file) => file.includes(pattern))
    .sort()
}

// without a pattern the unit tests are part of the checks
const files = [...(pattern === '' ? [] : testFiles('packages')), ...testFiles('test')]

await withSetup(async () => {
  if (files.length === 0) {
    process.stderr.write(`error No test file has "${pattern}" in its path.\n`)
    return 2
  }
  await ensureDependencies()
  await ensureTestClients()
  await ensureConsole()
  if (pattern === '' && (await check()) !== 0) return 1
  return await runHere(NODE, ['--test', '--test-concurrency=2', '--test-timeout=300000', ...files], {
    ...COMPILED,
    FNSCOPE_TEST_VENV: VENV,
    FNSCOPE_TEST_CACHE: join(WORK, 'cache'),
  })
})
