// `npm test [-- PATTERN]`: sets up what is missing, then the checks, then every test that drives real processes and clients.
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { check } from './check.mjs'
import { NODE, ROOT, VENV, WORK, ensureDependencies, ensureTestClients, runHere, withSetup } from './setup.mjs'

const pattern = process.argv[2] ?? ''

const files = readdirSync(join(ROOT, 'test'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && !entry.parentPath.includes('node_modules'))
  .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
  .filter((file) => file.includes(pattern))
  .sort()

await withSetup(async () => {
  await ensureDependencies()
  await ensureTestClients()
  if (pattern === '' && (await check()) !== 0) return 1
  if (files.length === 0) {
    process.stderr.write(`error No test file has "${pattern}" in its path.\n`)
    return 1
  }
  return await runHere(NODE, ['--test', '--test-concurrency=2', '--test-timeout=300000', ...files], {
    FNSCOPE_TEST_VENV: VENV,
    FNSCOPE_TEST_CACHE: join(WORK, 'cache'),
  })
})
