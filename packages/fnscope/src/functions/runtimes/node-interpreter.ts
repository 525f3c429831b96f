// Finds a Node of a major version: on PATH, where version managers keep theirs, beside the code from npm's package `node`.
// Each candidate is run once and asked for what it is; answers are kept for the life of the process.
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { FnscopeError } from '../../errors.ts'
import type { RuntimeHost } from './launch.ts'

export interface NodeInterpreter {
  /** process.execPath: never a shim. */
  readonly path: string
  readonly major: number
  /** 20.20.2 */
  readonly version: string
}

/** The oldest that the runtime client runs on. */
const OLDEST_MAJOR = 18

const probes = new Map<string, Promise<NodeInterpreter | undefined>>()
const found = new Map<number, Promise<NodeInterpreter>>()

function probe(command: string): Promise<NodeInterpreter | undefined> {
  const known = probes.get(command)
  if (known) return known
  const answer = new Promise<NodeInterpreter | undefined>((resolve) => {
    const options = { timeout: 15_000, env: { ...process.env, NODE_OPTIONS: '' } }
    execFile(command, ['-p', 'process.versions.node + "\\n" + process.execPath'], options, (error, stdout) => {
      const [version, path] = stdout.trim().split(/\r?\n/)
      const major = Number(version?.split('.')[0])
      resolve(error || !path || !(major >= OLDEST_MAJOR) ? undefined : { path, major, version: version! })
    })
  })
  probes.set(command, answer)
  return answer
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}

const byVersion = (a: string, b: string): number => b.localeCompare(a, 'en', { numeric: true })

/** Directories of nvm, fnm, volta, asdf, mise and n, newest first; `major` undefined: of any. */
function installed(major: number | undefined): string[] {
  const { env } = process
  const data = env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share')
  const version = new RegExp(`^v?${major ?? '\\d+'}\\.\\d+\\.\\d+$`)
  const places: readonly (readonly [string, string])[] = [
    [join(env['NVM_DIR'] || join(homedir(), '.nvm'), 'versions', 'node'), 'bin'],
    [join(env['FNM_DIR'] || join(data, 'fnm'), 'node-versions'), 'installation/bin'],
    [join(homedir(), '.fnm', 'node-versions'), 'installation/bin'],
    [join(homedir(), 'Library', 'Application Support', 'fnm', 'node-versions'), 'installation/bin'],
    [join(env['VOLTA_HOME'] || join(homedir(), '.volta'), 'tools', 'image', 'node'), 'bin'],
    [join(env['ASDF_DATA_DIR'] || join(homedir(), '.asdf'), 'installs', 'nodejs'), 'bin'],
    [join(env['MISE_DATA_DIR'] || join(data, 'mise'), 'installs', 'node'), 'bin'],
    [join(env['N_PREFIX'] || '/usr/local', 'n', 'versions', 'node'), 'bin'],
  ]
  return places.flatMap(([dir, bin]) =>
    names(dir)
      .filter((name) => version.test(name))
      .sort(byVersion)
      .map((name) => join(dir, name, bin, 'node')),
  )
}

function onPath(name: string): string[] {
  return (process.env['PATH'] ?? '').split(delimiter).map((dir) => join(dir, name))
}

async function lookFor(major: number): Promise<NodeInterpreter | undefined> {
  const candidates = [...onPath(`node${major}`), ...installed(major), ...onPath('node'), process.execPath]
  for (const command of new Set(candidates)) {
    if (!existsSync(command)) continue
    const interpreter = await probe(command)
    if (interpreter?.major === major) return interpreter
  }
  return undefined
}

const CLOUD_MAJORS = [18, 20, 22, 24]

/** For each version that functions may ask for: the Node, if it is installed. */
export async function installedNodes(): Promise<
  readonly { readonly major: number; readonly found: NodeInterpreter | undefined }[]
> {
  return await Promise.all(CLOUD_MAJORS.map(async (major) => ({ major, found: await lookFor(major) })))
}

/**
 * The Node for `nodejs<major>.x`, or the nearest one with a warning by `host.notify`, once a version.
 * @throws FnscopeError FNS_RUNTIME_MISSING when another would have to stand in and `host.strict` is set
 */
export function findNode(major: number, host: RuntimeHost): Promise<NodeInterpreter> {
  const known = found.get(major)
  if (known) return known
  const answer = find(major, host)
  found.set(major, answer)
  // It may be installed meanwhile: only success is kept.
  answer.catch(() => {
    found.delete(major)
    probes.clear()
  })
  return answer
}

async function find(major: number, host: RuntimeHost): Promise<NodeInterpreter> {
  const exact = await lookFor(major)
  if (exact) return exact
  const others = new Set(
    [...installed(undefined), ...onPath('node'), process.execPath].filter((path) => existsSync(path)),
  )
  const usable = (await Promise.all([...others].map(probe))).filter((node) => node !== undefined)
  // Upwards if equally near: newer ones run what older ones do.
  const distance = (node: NodeInterpreter): number => Math.abs(node.major - major) - (node.major > major ? 0.5 : 0)
  const nearest = usable.sort((a, b) => distance(a) - distance(b))[0]
  if (nearest === undefined || host.strict === true) {
    const instead = nearest
      ? `; Node ${nearest.version} is there, but --strict-runtime asks for the version itself`
      : ''
    throw new FnscopeError(
      'FNS_RUNTIME_MISSING',
      `No Node ${major} was found for nodejs${major}.x: looked on PATH and in the directories of nvm, fnm, volta, asdf, mise and n${instead}. Install Node ${major} and try again.`,
    )
  }
  host.notify(
    `Node ${major} was not found: functions for it run on Node ${nearest.version} (${nearest.path}). Install Node ${major} to run them as the cloud does.`,
  )
  return nearest
}
