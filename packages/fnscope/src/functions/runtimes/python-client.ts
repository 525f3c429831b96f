// What the cloud's Python runtimes bring along: the client of the Runtime API, awslambdaric, and boto3 with botocore; from
// PyPI, installed once per interpreter version into one directory of the cache, which stands for /var/runtime.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { FnscopeError } from '../../errors.ts'
import type { Interpreter } from './python-interpreter.ts'
import type { RuntimeHost } from './launch.ts'

// The cloud's images up to 3.11 have it, and SDKs of their day import pkg_resources, which 80.9 warns of and 82 left out.
// It comes last on the path: a function's own goes before it.
const IMAGE_PACKAGE = 'setuptools<80.9'

// The newest release of the client whose wheels each version takes; 4.2.2 wants 3.10. Of boto3 the newest that pip finds
// for the interpreter, as the cloud has a recent one.
function requirements(minor: number): readonly string[] {
  const client = minor >= 10 ? 'awslambdaric==4.2.2' : minor === 9 ? 'awslambdaric==4.0.4' : 'awslambdaric==2.2.1'
  return [client, 'boto3', IMAGE_PACKAGE]
}

const installs = new Map<string, Promise<string>>()

/** Where compiled bytecode goes, so that none is written beside a user's sources. */
export function bytecodeDir(host: RuntimeHost, minor: number): string {
  return join(host.cacheDir, 'bytecode', `python3.${minor}`)
}

/**
 * The directory that holds awslambdaric, installed first if need be; calls at the same time share one installation.
 * @throws FnscopeError FNS_BUILD_FAILED when pip fails
 */
export function installClient(interpreter: Interpreter, host: RuntimeHost): Promise<string> {
  const target = join(host.cacheDir, 'runtimes', `python3.${interpreter.minor}-boto3`)
  const running = installs.get(target)
  if (running) return running
  const answer = install(interpreter, host, target)
  installs.set(target, answer)
  answer.catch(() => installs.delete(target))
  return answer
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, [...args], { timeout: 300_000, env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve(error ? `${stderr}${stdout}` || error.message : undefined)
    })
  })
}

async function install(interpreter: Interpreter, host: RuntimeHost, target: string): Promise<string> {
  if (isWhole(target)) return target
  const what = requirements(interpreter.minor)
  host.notify(`Installing the Python 3.${interpreter.minor} runtime (${what.join(', ')}) …`)
  const parent = join(host.cacheDir, 'runtimes')
  await mkdir(parent, { recursive: true })
  const temporary = await mkdtemp(join(parent, `.python3.${interpreter.minor}-`))
  try {
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--no-compile']
    const failure = await run(interpreter.path, [...pip, '--target', temporary, ...what], process.env)
    if (failure !== undefined) {
      throw new FnscopeError(
        'FNS_BUILD_FAILED',
        `pip could not install ${what.join(' and ')} with ${interpreter.path}: ${failure.trim().split('\n').slice(-3).join(' ')}. Check that "${interpreter.path} -m pip" works and reaches the package index, then try again.`,
      )
    }
    await publish(temporary, target)
    await warmBytecode(interpreter, host, target)
    return target
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

function isWhole(target: string): boolean {
  return ['awslambdaric', 'boto3', 'pkg_resources'].every((name) => existsSync(join(target, name)))
}

// Another fnscope may have been first: then its copy stands, ours goes. A directory without the client is a leftover.
async function publish(temporary: string, target: string): Promise<void> {
  if (existsSync(target) && !isWhole(target)) {
    await rm(target, { recursive: true, force: true })
  }
  try {
    await rename(temporary, target)
  } catch (error) {
    if (!isWhole(target)) throw error
  }
}

// The first cold start would otherwise compile the client and the standard library it uses.
async function warmBytecode(interpreter: Interpreter, host: RuntimeHost, target: string): Promise<void> {
  await run(interpreter.path, ['-c', 'import awslambdaric.bootstrap, http.client, json, logging, datetime'], {
    ...process.env,
    PYTHONPATH: target,
    PYTHONPYCACHEPREFIX: bytecodeDir(host, interpreter.minor),
  })
}
