// Where a function finds its code, its layers and its runtime: at the cloud's paths inside a namespace, or where they lie on
// this disk. The runtimes build their commands from this and do not ask which of the two it is.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import type { FunctionSpec } from '../function-spec.ts'
import { mergeDirs } from './merged-dirs.ts'
import { hiddenProjectPaths } from './project-paths.ts'
import type { Isolation, Mount } from './isolation.ts'

export interface FunctionPaths {
  /** LAMBDA_TASK_ROOT. */
  readonly task: string
  /** Further directories with packages of the code; none inside a namespace, where they are laid into `task`. */
  readonly dependencies: readonly string[]
  /** The merged layers; undefined: there are none. */
  readonly opt: string | undefined
  /** LAMBDA_RUNTIME_DIR. */
  readonly runtime: string
  /** Bytecode and the like, written by the runtime and kept. */
  readonly bytecode: string | undefined
  /** Packages that the runtime brings along; undefined: none. */
  readonly packages: string | undefined
  /** The program, as the function sees it. */
  readonly program: string
  /** Absent: a plain process. */
  readonly mounts?: readonly Mount[]
  /** The root has directories that this machine has not. */
  readonly ownRoot?: true
  /** Below /tmp, to be shown there beside what the function writes. */
  readonly project?: readonly string[]
}

export interface PathNeeds {
  /** The runtime's own directory. */
  readonly runtimeDir: string
  /** What runs the function: an interpreter, or the function's own bootstrap. */
  readonly program: string
  /** Packages that come with the runtime, from a directory of their own: at `node_modules` of the runtime's. */
  readonly packagesDir?: string | undefined
  /** Where the runtime may keep compiled code between runs. */
  readonly bytecodeDir?: string
  readonly cacheDir: string
  /** Where the cloud has the code. Default /var/task. */
  readonly task?: '/code'
}

/** Directories of the host that a namespace hides. */
const HIDDEN = ['/tmp', '/opt', '/code', '/var/task', '/var/runtime', '/var/lang']

export function functionPaths(spec: FunctionSpec, isolation: Isolation, needs: PathNeeds): FunctionPaths {
  return isolation.kind === 'namespace' ? cloudPaths(spec, isolation, needs) : plainPaths(spec, needs)
}

function plainPaths(spec: FunctionSpec, needs: PathNeeds): FunctionPaths {
  return {
    task: spec.codeDir,
    dependencies: spec.dependencyDirs,
    opt: spec.layerDirs.length === 0 ? undefined : mergeDirs(spec.layerDirs.toReversed(), needs.cacheDir),
    runtime: needs.runtimeDir,
    bytecode: needs.bytecodeDir,
    packages: needs.packagesDir,
    program: needs.program,
  }
}

function cloudPaths(
  spec: FunctionSpec,
  isolation: Extract<Isolation, { kind: 'namespace' }>,
  needs: PathNeeds,
): FunctionPaths {
  const { task = '/var/task' } = needs
  const program = visibleProgram(spec, needs.program, task)
  const layers = spec.layerDirs.toReversed()
  const mounts: Mount[] = [
    { sources: layered([spec.codeDir, ...spec.dependencyDirs], needs.cacheDir), target: task },
    { sources: [needs.runtimeDir], target: '/var/runtime' },
    ...(needs.packagesDir === undefined ? [] : [{ sources: [needs.packagesDir], target: '/var/runtime/node_modules' }]),
    ...program.mounts,
    ...(needs.bytecodeDir === undefined ? [] : bytecodeMounts(spec, needs.bytecodeDir)),
    { sources: layers.length === 0 ? [isolation.emptyDir] : layered(layers, needs.cacheDir), target: '/opt' },
  ]
  return {
    task,
    dependencies: [],
    opt: layers.length === 0 ? undefined : '/opt',
    runtime: '/var/runtime',
    bytecode: needs.bytecodeDir === undefined ? undefined : '/var/bytecode',
    packages: needs.packagesDir === undefined ? undefined : '/var/runtime/node_modules',
    program: program.path,
    mounts,
    ...(needs.task === undefined ? {} : { ownRoot: true }),
    project: hiddenProjectPaths(spec),
  }
}

/** A program under a hidden directory is shown at /var/lang, with its libraries beside it. */
function visibleProgram(
  spec: FunctionSpec,
  program: string,
  task: string,
): { readonly path: string; readonly mounts: readonly Mount[] } {
  if (isUnder(program, spec.codeDir)) {
    return { path: `${task}${program.slice(spec.codeDir.length)}`, mounts: [] }
  }
  const layer = spec.layerDirs.find((dir) => isUnder(program, dir))
  if (layer !== undefined) return { path: `/opt${program.slice(layer.length)}`, mounts: [] }
  if (!HIDDEN.some((dir) => isUnder(program, dir))) return { path: program, mounts: [] }
  const prefix = dirname(dirname(program))
  return { path: `/var/lang${program.slice(prefix.length)}`, mounts: [{ sources: [prefix], target: '/var/lang' }] }
}

/**
 * All functions see their code at the same path, and Python takes compiled code of that path for this code's if size and time
 * of the source agree: the part of the cache that is theirs is kept by code directory.
 */
function bytecodeMounts(spec: FunctionSpec, bytecodeDir: string): Mount[] {
  const key = createHash('sha256').update(spec.codeDir).update(spec.layerDirs.join('\0')).digest('hex').slice(0, 32)
  const own = join(bytecodeDir, 'functions', key)
  for (const dir of ['var/task', 'code', 'opt']) {
    mkdirSync(join(bytecodeDir, dir), { recursive: true })
    mkdirSync(join(own, dir), { recursive: true })
  }
  return [
    { sources: [bytecodeDir], target: '/var/bytecode', writable: true },
    { sources: [join(own, 'var/task')], target: '/var/bytecode/var/task', writable: true },
    { sources: [join(own, 'code')], target: '/var/bytecode/code', writable: true },
    { sources: [join(own, 'opt')], target: '/var/bytecode/opt', writable: true },
  ]
}

// mount(8) takes no commas, colons or backslashes in a list of layers, and a page of text in all.
const MOST_OPTION_BYTES = 3500

function layered(dirs: readonly string[], cacheDir: string): readonly string[] {
  if (dirs.length === 1) return dirs
  const text = dirs.join(':')
  const overlays = Buffer.byteLength(text) < MOST_OPTION_BYTES && !dirs.some((dir) => /[,:\\\s"']/.test(dir))
  return overlays ? dirs : [mergeDirs(dirs, cacheDir)]
}

function isUnder(path: string, dir: string): boolean {
  return path === dir || path.startsWith(dir.endsWith(sep) ? dir : dir + sep)
}

/**
 * A path that the function's configuration names by the cloud's directories, where it lies for the function; one that is
 * not there stays as it is.
 */
export function locate(path: string, paths: FunctionPaths): string {
  if (paths.mounts) return path
  for (const [cloud, here] of [
    ['/var/task', paths.task],
    ['/opt', paths.opt],
  ] as const) {
    if (here === undefined || !isUnder(path, cloud)) continue
    const found = join(here, path.slice(cloud.length))
    if (existsSync(found)) return found
  }
  return path
}
