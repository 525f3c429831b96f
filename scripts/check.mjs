// `npm run check`: types, lint, format and unit tests, side by side; only what fails is printed. Under 10 s: keep it there.
import { spawn } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { COMPILED, NODE, ROOT, ensureDependencies, withSetup } from './setup.mjs'

const bin = (name) => join(ROOT, 'node_modules/.bin', name)

/** More lines of one step than this help nobody: the first ones are mended, and the rest shown next time. */
const MOST_LINES = 60

const STEPS = [
  ['types', bin('tsc'), ['-p', '.']],
  ['types of the console', bin('tsc'), ['-p', 'packages/ui']],
  ['lint', bin('oxlint'), ['--type-aware', '--deny-warnings', '--format=unix']],
  ['format', bin('oxfmt'), ['--check', '.']],
  ['unit tests', NODE, ['--test', '--test-isolation=none', '--test-reporter=dot', 'packages/*/src/**/*.test.ts']],
]

function runStep([name, command, args]) {
  const started = Date.now()
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...COMPILED, PATH: `${join(ROOT, 'node_modules/node/bin')}:${process.env.PATH}` },
    })
    let output = ''
    const keep = (chunk) => (output += chunk)
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('close', (code) => resolve({ name, code, output, seconds: ((Date.now() - started) / 1000).toFixed(1) }))
    child.once('error', (error) => resolve({ name, code: 1, output: error.message, seconds: '0' }))
  })
}

/** What a step says without its dots, colours, blank lines and node's own frames; paths from here. */
function concise(output) {
  const lines = stripVTControlCharacters(output)
    .replaceAll(`${ROOT}/`, '')
    .split('\n')
    .filter((line) => !/^[.X\s]*$/.test(line) && !/^\s+at .*\(?node:internal/.test(line))
  const left = lines.length - MOST_LINES
  return lines
    .slice(0, MOST_LINES)
    .concat(left > 0 ? [`… ${left} more lines`] : [])
    .map((line) => `  ${line}`)
    .join('\n')
}

/** Runs all steps; 0 when every one passed. */
export async function check() {
  let failed = 0
  for (const result of await Promise.all(STEPS.map(runStep))) {
    process.stdout.write(`${result.code === 0 ? '✓' : '✗'} ${result.name} (${result.seconds} s)\n`)
    if (result.code === 0) continue
    failed += 1
    process.stdout.write(`${concise(result.output)}\n`)
  }
  return failed === 0 ? 0 : 1
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await withSetup(async () => {
    await ensureDependencies()
    return await check()
  })
}
