// /tmp of an execution environment in namespaces: a tmpfs of the size that the function asks for, so that what is too much
// gets ENOSPC. It outlives the runtime's process and is seen by the extensions' too, and a mount lives only as long as a
// namespace that has it: one shell holds namespaces of its own around all the others', and what it mounts shows up in each
// of those, too. A directory that is removed takes its mount along.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import type { ProcessGuard } from '../process-guard.ts'
import { makeScratchDir, type ScratchDir } from './scratch-dirs.ts'

/** What most functions have. */
const USUAL_MB = 512
const MIB = 1024 * 1024

// The first word is written to the file when shells may enter.
const SCRIPT = `mount --make-rshared / || exit 125
: > "$1"
while read -r size dir; do
  mount -t tmpfs -o "size=\${size}m,mode=755,nosuid,nodev" fnscope "$dir"
  echo $?
done`

// A shell that is wanted sooner waits, though not for ever.
const ENTER = `tries=0
until [ -e "$1" ] || [ $tries -gt 1000 ]; do tries=$((tries + 1)); sleep 0.01; done
shift
exec "$@"`

export interface OwnTmp extends ScratchDir {
  /** Resolves when it can be used. */
  readonly ready: Promise<void>
}

type Holder = ChildProcess & { readonly stdin: Writable }

export class TmpMounts {
  readonly #guard: Pick<ProcessGuard, 'add' | 'remove'>
  readonly #files = makeScratchDir()
  readonly #readyFile = join(this.#files.own, 'ready')
  /** Each is told, in order, that its mount is made. */
  readonly #waiting: (() => void)[] = []
  readonly #holder: Holder
  #next: OwnTmp | undefined
  #ended = false

  constructor(guard: Pick<ProcessGuard, 'add' | 'remove'>) {
    this.#guard = guard
    this.#holder = this.#start()
  }

  /** The shell is gone, and no other can enter its namespaces. */
  get ended(): boolean {
    return this.#ended
  }

  /** Before the command of a shell that is to see what is mounted here. */
  enter(): readonly string[] {
    const words = ['nsenter', '--target', String(this.#holder.pid), '--user', '--mount', '--']
    return existsSync(this.#readyFile) ? words : ['/bin/sh', '-c', ENTER, 'sh', this.#readyFile, ...words]
  }

  /** From now on the next usual one is there before it is wanted. */
  keepOne(): void {
    this.#next ??= this.#ended ? undefined : this.#mounted(USUAL_MB)
  }

  /** Of a size that the machine's memory cannot hold it is a directory, as large as the disk. */
  take(sizeMb: number): OwnTmp {
    if (this.#ended || sizeMb > mostMb()) return { ...makeScratchDir(), ready: Promise.resolve() }
    const next = sizeMb === USUAL_MB ? this.#next : undefined
    if (next === undefined) return this.#mounted(sizeMb)
    this.#next = undefined
    return next
  }

  async stop(): Promise<void> {
    if (!this.#ended && this.#holder.pid !== undefined) process.kill(-this.#holder.pid, 'SIGKILL')
    await this.#next?.remove()
    await this.#files.remove()
  }

  #mounted(sizeMb: number): OwnTmp {
    const scratch = makeScratchDir()
    const ready = new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#holder.stdin.write(`${sizeMb} ${scratch.tmp}\n`)
    return { ...scratch, ready }
  }

  #start(): Holder {
    const [program, ...args] = 'unshare --user --map-root-user --mount --propagation private /bin/sh -c'.split(' ')
    const holder = spawn(program!, [...args, SCRIPT, 'sh', this.#readyFile], {
      cwd: '/',
      env: { PATH: process.env['PATH'] },
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    holder.stdin.on('error', () => {})
    // One word a mount; one that failed leaves the directory that it was for.
    holder.stdout.on('data', (chunk: Buffer) => {
      for (const byte of chunk) if (byte === 0x0a) this.#waiting.shift()?.()
    })
    const end = (): void => {
      this.#ended = true
      for (const resolve of this.#waiting.splice(0)) resolve()
    }
    holder.on('error', end)
    const { pid } = holder
    if (pid !== undefined) {
      this.#guard.add(pid)
      holder.once('exit', () => {
        this.#guard.remove(pid)
        end()
      })
    }
    holder.unref()
    return holder
  }
}

/** Half of the memory that there is: what lies in /tmp is in it. */
function mostMb(): number {
  const limit = process.constrainedMemory()
  return Math.min(totalmem(), limit === 0 ? Infinity : limit) / 2 / MIB
}
