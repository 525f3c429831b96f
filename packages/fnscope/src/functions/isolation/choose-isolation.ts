// Finds out at start whether this machine gives an ordinary process namespaces, by making one in the way that functions
// get it. What the answer was is shown by `fnscope doctor` and when fnscope is ready.
import { execFile } from 'node:child_process'
import { mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { FnscopeError } from '../../errors.ts'
import { namespaceJob, namespaceShell } from './namespace.ts'
import { shellJob } from './shell-job.ts'
import { TmpMounts } from './tmp-mounts.ts'
import { prepareRoot, rootOf } from './cloud-root.ts'
import { makeScratchDir, sweepScratchDirs } from './scratch-dirs.ts'
import { sealMachine } from './sealed-machine.ts'
import type { Isolation, IsolationMode, NamespaceIsolation } from './isolation.ts'

const PROBE_LIMIT_MS = 10_000
const VAR_DIRS = ['task', 'runtime', 'lang', 'bytecode']

/**
 * @param dataDir fnscope's own, which functions in namespaces do not see
 * @throws FnscopeError FNS_ISOLATION_REFUSED when namespaces were asked for by name and are not to be had
 */
export async function chooseIsolation(mode: IsolationMode, cacheDir: string, dataDir?: string): Promise<Isolation> {
  sweepScratchDirs()
  if (mode === 'none') return { kind: 'none', reason: 'It was asked for (--isolation none).' }
  const dirs = prepareDirs(cacheDir)
  const failures: string[] = []
  const sealed = process.platform === 'linux' ? sealMachine(cacheDir) : undefined
  const ways = [
    { sizedTmp: true, ownProc: true, sealed },
    { sizedTmp: false, ownProc: true, sealed },
    { sizedTmp: false, ownProc: true },
    { sizedTmp: false, ownProc: false, sealed },
    { sizedTmp: false, ownProc: false },
  ]
  for (const more of ways) {
    const isolation: NamespaceIsolation = { kind: 'namespace', ...dirs, ...more, hiddenDir: hidden(dataDir, cacheDir) }
    const failure = process.platform === 'linux' ? await probe(isolation) : 'Linux alone has them.'
    if (failure === undefined) return isolation
    failures.push(failure)
  }
  const reason = failures.at(-1)!
  if (mode === 'auto') return { kind: 'none', reason }
  throw new FnscopeError(
    'FNS_ISOLATION_REFUSED',
    `Functions were to run in namespaces of their own (--isolation namespace), and this machine gives none: ${reason} Leave the flag out to run them as plain processes.`,
  )
}

/** Undefined: it is hidden already, or what functions need lies in it. */
function hidden(dataDir: string | undefined, cacheDir: string): string | undefined {
  if (dataDir === undefined) return undefined
  const [data, cache] = [realpathSync(dataDir), realpathSync(cacheDir)]
  const isHidden = ['/opt/', '/tmp/', '/var/task/'].some((dir) => data.startsWith(dir))
  return isHidden || `${cache}/`.startsWith(`${data}/`) ? undefined : data
}

function prepareDirs(cacheDir: string): Pick<NamespaceIsolation, 'skeletonDir' | 'emptyDir' | 'rootDir'> {
  const [skeletonDir, emptyDir] = [join(cacheDir, 'namespace', 'var'), join(cacheDir, 'namespace', 'empty')]
  const rootDir = join(cacheDir, 'namespace', 'root')
  prepareRoot(rootDir)
  for (const name of VAR_DIRS) mkdirSync(join(skeletonDir, name), { recursive: true })
  mkdirSync(emptyDir, { recursive: true })
  return { skeletonDir, emptyDir, rootDir }
}

/** Undefined: it works. Otherwise why not, a sentence. */
async function probe(isolation: NamespaceIsolation): Promise<string | undefined> {
  const tmps = isolation.sizedTmp ? new TmpMounts(NOBODY) : undefined
  const files = makeScratchDir()
  const scratch = tmps?.take(1) ?? { ...makeScratchDir(), ready: Promise.resolve() }
  const { emptyDir, skeletonDir, rootDir } = isolation
  const plan = {
    // An overlay, a read-only directory and one that is written, as functions have them.
    mounts: [
      { sources: [emptyDir, skeletonDir], target: '/var/task' },
      { sources: [emptyDir], target: '/opt' },
      { sources: [files.own], target: '/var/bytecode', writable: true } as const,
    ],
    scratchDir: scratch.tmp,
    root: { dir: rootOf(scratch), prepared: rootDir },
    tableFile: join(scratch.own, 'mounts'),
  }
  const full = tmps === undefined ? '' : ' && ! head -c 2000000 /dev/zero 2>/dev/null > /tmp/works'
  const check = `test "$(id -u)" = 993 && test -d /var/task/lang && echo > /tmp/works${full} && echo works`
  const job = namespaceJob(shellJob({ command: ['/bin/sh', '-c', check], cwd: '/var/task' }, {}), plan)
  try {
    await scratch.ready
    const [program, ...args] = [...(tmps?.enter() ?? []), ...namespaceShell(isolation, files.own)]
    return await new Promise((resolve) => {
      const child = execFile(program!, args, { timeout: PROBE_LIMIT_MS }, (error, stdout, stderr) => {
        if (stdout.trim() === 'works') return resolve(undefined)
        const said = `${stderr}${stdout}`.trim().split('\n')[0] || error?.message || 'no answer'
        resolve(`${said}.`.replace(/\.\.$/, '.'))
      })
      child.stdin?.on('error', () => {})
      child.stdin?.end(job)
    })
  } finally {
    await Promise.all([scratch.remove(), files.remove(), tmps?.stop()])
  }
}

// It has ended before fnscope could.
const NOBODY = { add: () => {}, remove: () => {} }
