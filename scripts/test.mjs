// `npm test [-- PATTERN]`: sets up what is missing, then the checks, then every test that drives real processes and clients;
// with a pattern only the test files, of either kind, that have it in their path.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
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
const FAILED = join(WORK, 'failed-tests')
/** With more than this something is broken: it need not be shown twice. */
const MOST_REPEATED = 8

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
  if ((await runTests(files, 2)) === 0) return 0
  const failed = readFileSync(FAILED, 'utf8').split('\n').filter(Boolean)
  // Deadlines of tests with many processes pass on a machine that is busy with others: what fails again, alone, is broken.
  if (pattern !== '' || failed.length === 0 || failed.length > MOST_REPEATED) return 1
  process.stdout.write(
    `\nOnce more, one at a time, what failed:\n  ${failed.map((file) => relative(ROOT, file)).join('\n  ')}\n\n`,
  )
  return await runTests(failed, 1)
})

function runTests(files, concurrency) {
  const reporters = [
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${pathToFileURL(join(ROOT, 'scripts/failed-files.mjs'))}`,
    `--test-reporter-destination=${FAILED}`,
  ]
  return runHere(
    NODE,
    ['--test', `--test-concurrency=${concurrency}`, '--test-timeout=300000', ...reporters, ...files],
    {
      ...COMPILED,
      FNSCOPE_TEST_VENV: VENV,
      FNSCOPE_TEST_CACHE: join(WORK, 'cache'),
    },
  )
}
