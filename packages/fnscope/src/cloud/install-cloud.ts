// The local clouds that can be had from PyPI: each in a virtual environment of its own in the cache, made at first need.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { mkdir, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { FnscopeError, messageOf } from '../errors.ts'

const run = promisify(execFile)
const INSTALL_TIMEOUT_MS = 10 * 60 * 1000

export type CloudProduct = 'ministack' | 'moto'

interface Product {
  readonly requirement: string
  readonly program: string
}

const PRODUCTS: Readonly<Record<CloudProduct, Product>> = {
  ministack: { requirement: 'ministack==1.5.33', program: 'ministack' },
  moto: { requirement: 'moto[server]==5.1.22', program: 'moto_server' },
}

/**
 * The program's path. @param python an interpreter from 3.9 on
 * @throws FnscopeError FNS_CLOUD_UNAVAILABLE
 */
export async function installCloud(
  product: CloudProduct,
  options: {
    readonly cacheDir: string
    readonly python: string
    readonly notify: (line: string) => void
    readonly signal: AbortSignal
  },
): Promise<string> {
  const { signal } = options
  const { requirement, program } = PRODUCTS[product]
  const venv = join(options.cacheDir, 'clouds', requirement.replaceAll(/[^a-z0-9.]+/g, '_'))
  const path = join(venv, 'bin', program)
  if (existsSync(path)) return path
  options.notify(`Installing ${requirement} from PyPI for the AWS services that fnscope does not have itself …`)
  // Programs in a virtual environment name its path, so that it is made where it stays, and linked to when it is whole:
  // of two that install at a time one has its link first.
  const made = `${venv}-${randomBytes(4).toString('hex')}`
  try {
    await mkdir(dirname(made), { recursive: true })
    await run(options.python, ['-m', 'venv', made], { timeout: INSTALL_TIMEOUT_MS, signal })
    const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '-q', requirement]
    await run(join(made, 'bin/python'), pip, { timeout: INSTALL_TIMEOUT_MS, maxBuffer: 10_000_000, signal })
    if (!(await link(made, venv))) await rm(made, { recursive: true, force: true })
    return path
  } catch (error) {
    await rm(made, { recursive: true, force: true })
    throw new FnscopeError(
      'FNS_CLOUD_UNAVAILABLE',
      `${requirement} could not be installed into ${venv}: ${messageOf(error).split('\n').slice(0, 3).join(' ')}. Name another cloud with --cloud URL, or switch it off with --cloud off.`,
      { cause: error },
    )
  }
}

/** False: someone else was first. */
async function link(made: string, venv: string): Promise<boolean> {
  // One whose files were removed by hand leads nowhere.
  if (!existsSync(venv)) await rm(venv, { force: true })
  try {
    await symlink(basename(made), venv)
    return true
  } catch (error) {
    if (existsSync(venv)) return false
    throw error
  }
}
