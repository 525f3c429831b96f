// Brings a fresh clone to the point where fnscope runs: npm dependencies (with them Node 26), Python, and for the tests a
// virtual environment with the real clients. Plain JavaScript for any Node from 20 on; says nothing when nothing is to do.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
export const WORK = join(ROOT, '.fnscope')
export const NODE = join(ROOT, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node')
/** Where Node keeps sources without their types between runs: saves each test process its start. */
export const COMPILED = { NODE_COMPILE_CACHE: join(WORK, 'compiled') }
export const VENV = join(WORK, 'venv')
const STAMP = join(ROOT, 'node_modules/.fnscope-setup')

/** Ends the set-up with one plain sentence. */
export class SetupError extends Error {}

const hash = (text) => createHash('sha256').update(text).digest('hex')
const stampOf = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '')

/** Runs a step with one line of progress; its output is shown only when it fails. */
async function step(title, command, args, options = {}) {
  const started = Date.now()
  const say = (text) => process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`)
  say(`· ${title} …`)
  const ticker = process.stderr.isTTY ? setInterval(() => say(`· ${title} … ${seconds(started)}`), 1000) : undefined
  const { code, output } = await run(command, args, options)
  clearInterval(ticker)
  if (code === 0) {
    say(`✓ ${title} (${seconds(started)})`)
    if (process.stderr.isTTY) process.stderr.write('\n')
    return
  }
  if (process.stderr.isTTY) process.stderr.write('\n')
  throw new SetupError(
    `${title} failed: ${command} ${args.join(' ')}\n${output.trimEnd().split('\n').slice(-20).join('\n')}`,
  )
}

const seconds = (started) => `${((Date.now() - started) / 1000).toFixed(1)} s`

function run(command, args, options) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], ...options })
    let output = ''
    const keep = (chunk) => (output = (output + chunk).slice(-20_000))
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', (error) => resolve({ code: 127, output: error.message }))
    child.once('close', (code) => resolve({ code, output }))
  })
}

/**
 * npm's dependencies as the lockfile has them; installed again only when it changed. Not `npm ci`: that fails where a
 * registry does not carry the packages of other platforms, which this machine does not need.
 */
export async function ensureDependencies() {
  const wanted = hash(readFileSync(join(ROOT, 'package-lock.json'), 'utf8') + process.platform + process.arch)
  if (stampOf(STAMP) === wanted && existsSync(NODE)) return
  const npm = process.env.npm_execpath
  const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []]
  await step('Installing dependencies (Node 26 and ClickHouse among them, about 190 MB the first time)', command, [
    ...args,
    'install',
    '--no-save',
    '--no-audit',
    '--no-fund',
  ])
  if (spawnSync(NODE, ['--version']).status !== 0) {
    throw new SetupError(
      `The npm package "node" has no binary that runs here (${NODE}). Its install script must be allowed: npm rebuild node`,
    )
  }
  writeFileSync(STAMP, wanted)
}

const VERSION_PROBE = 'import sys; print("%d.%d" % sys.version_info[:2])'

/** A Python from 3.9 on that runs, by name. */
function findPython() {
  for (const name of ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3.9', 'python']) {
    const probe = spawnSync(name, ['-c', VERSION_PROBE], { encoding: 'utf8' })
    const version = probe.status === 0 ? probe.stdout.trim() : ''
    const [major, minor] = version.split('.').map(Number)
    if (major === 3 && minor >= 9 && minor <= 14) return { name, version }
  }
  return undefined
}

/** Python 3 with pip: the sample functions and the test clients need it. */
export function ensurePython() {
  const python = findPython()
  if (!python) {
    throw new SetupError(
      'Python 3.9 or newer was not found on PATH. Get it from your system (Debian, Ubuntu: apt install python3 python3-pip python3-venv; macOS: brew install python).',
    )
  }
  if (spawnSync(python.name, ['-m', 'pip', '--version']).status !== 0) {
    throw new SetupError(
      `${python.name} has no pip. Install it (Debian, Ubuntu: apt install python3-pip; else: ${python.name} -m ensurepip).`,
    )
  }
  return python
}

/** The virtual environments with the unmodified clients that the tests drive: one for most, one each for what has its own. */
export async function ensureTestClients() {
  const python = ensurePython()
  const clients = join(ROOT, 'test/clients')
  await ensureVenv(VENV, join(clients, 'requirements.txt'), 'boto3, aws, sam, X-Ray SDK, Powertools', python)
  for (const file of readdirSync(join(clients, 'venvs')).sort()) {
    const name = basename(file, '.txt')
    await ensureVenv(join(WORK, 'venvs', name), join(clients, 'venvs', file), name, python)
  }
}

async function ensureVenv(venv, requirements, what, python) {
  const wanted = hash(readFileSync(requirements, 'utf8') + python.version)
  const stamp = join(venv, '.fnscope-setup')
  if (stampOf(stamp) === wanted) return
  rmSync(venv, { recursive: true, force: true })
  mkdirSync(dirname(venv), { recursive: true })
  try {
    await step(`Making a Python ${python.version} environment in ${relative(ROOT, venv)}`, python.name, [
      '-m',
      'venv',
      venv,
    ])
  } catch (error) {
    throw new SetupError(
      `${error.message}\nDebian and Ubuntu keep this in a package of its own: apt install python3-venv`,
    )
  }
  await step(`Installing the test clients (${what})`, join(venv, 'bin/python'), [
    '-m',
    'pip',
    'install',
    '--disable-pip-version-check',
    '-q',
    '-r',
    requirements,
  ])
  writeFileSync(stamp, wanted)
}

/** The console's static files, made again only when what they are made of changed. */
export async function ensureConsole() {
  const ui = join(ROOT, 'packages/ui')
  const sources = readdirSync(ui, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/[\\/](dist|node_modules)[\\/]|\.test\.ts$|\.md$/.test(relative(ui, file).replace(/^/, '/')))
  const files = [...sources.sort(), join(ROOT, 'package-lock.json')]
  const wanted = hash(files.map((file) => relative(ROOT, file) + hash(readFileSync(file))).join())
  const stamp = join(ui, 'dist/.stamp')
  if (stampOf(stamp) === wanted) return
  await step('Building the console', NODE, [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build'], { cwd: ui })
  writeFileSync(stamp, wanted)
}

/** Runs `main`, and turns what goes wrong in the set-up into its sentence. */
export async function withSetup(main) {
  try {
    process.exitCode = await main()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    process.stderr.write(`error ${error.message}\n`)
    process.exitCode = 1
  }
}

/** Runs a program with this terminal, passing signals on; its exit status. */
export function runHere(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`, ...env },
    })
    const pass = (signal) => child.kill(signal)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, pass)
    child.once('error', (error) => {
      process.stderr.write(`error ${command}: ${error.message}\n`)
      resolve(1)
    })
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
