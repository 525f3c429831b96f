// `npm run check`: types, lint, format and unit tests, side by side; only what fails is printed. Under 10 s: keep it there.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { NODE, ROOT, ensureDependencies, withSetup } from './setup.mjs'

const bin = (name) => join(ROOT, 'node_modules/.bin', name)

const STEPS = [
  ['types', bin('tsc'), ['-p', '.']],
  ['lint', bin('oxlint'), ['--type-aware', '--deny-warnings']],
  ['format', bin('oxfmt'), ['--check', '.']],
  ['unit tests', NODE, ['--test', '--test-isolation=none', '--test-reporter=dot', 'packages/*/src/**/*.test.ts']],
]

function runStep([name, command, args]) {
  const started = Date.now()
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: `${join(ROOT, 'node_modules/node/bin')}:${process.env.PATH}` },
    })
    let output = ''
    const keep = (chunk) => (output += chunk)
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('close', (code) => resolve({ name, code, output, seconds: ((Date.now() - started) / 1000).toFixed(1) }))
    child.once('error', (error) => resolve({ name, code: 1, output: error.message, seconds: '0' }))
  })
}

/** Runs all steps; 0 when every one passed. */
export async function check() {
  let failed = 0
  for (const result of await Promise.all(STEPS.map(runStep))) {
    process.stdout.write(`${result.code === 0 ? '✓' : '✗'} ${result.name} (${result.seconds} s)\n`)
    if (result.code === 0) continue
    failed += 1
    process.stdout.write(`${result.output}\n`)
  }
  return failed === 0 ? 0 : 1
}

if (process.argv[1] === join(ROOT, 'scripts/check.mjs')) {
  await withSetup(async () => {
    await ensureDependencies()
    return await check()
  })
}
