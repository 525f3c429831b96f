// Ends every execution environment when fnscope itself is gone, even by kill -9: one small shell outside of our process
// group holds a pipe from us, is told each group's number, and kills them all at its end of file; then what left its group
// and still has its environment's /tmp in its variables (isolation/stray-processes.ts), where /proc shows them.
// Costs a write per environment; needs nothing but sh, so it works on macOS too.
import { spawn, type ChildProcess } from 'node:child_process'
import { scratchPrefix } from './isolation/scratch-dirs.ts'
import { markPattern } from './isolation/stray-processes.ts'

const SCRIPT = `trap '' INT TERM HUP
groups=
while read -r op pid; do
  case $op in
  +) groups="$groups $pid" ;;
  -) left=; for g in $groups; do [ "$g" = "$pid" ] || left="$left $g"; done; groups=$left ;;
  esac
done
for g in $groups; do kill -s KILL -- "-$g"; done
for file in $(grep -Elazs "$1" /proc/[0-9]*/environ); do
  stray=\${file#/proc/}
  kill -s KILL "\${stray%/environ}"
done`

export class ProcessGuard {
  readonly #groups = new Set<number>()
  #shell: ChildProcess | undefined
  #stopped = false

  /** From now on the process group `pid` dies with this process. */
  add(pid: number): void {
    this.#groups.add(pid)
    if (this.#shell === undefined) this.#start()
    else this.#shell.stdin?.write(`+ ${pid}\n`)
  }

  /** The group has been killed: its number may be given to others. */
  remove(pid: number): void {
    this.#groups.delete(pid)
    this.#shell?.stdin?.write(`- ${pid}\n`)
  }

  /** Ends the shell; groups that are still registered are killed by it. */
  stop(): void {
    this.#stopped = true
    this.#shell?.stdin?.end()
    this.#shell = undefined
  }

  #start(): void {
    const shell = spawn('/bin/sh', ['-c', SCRIPT, 'sh', markPattern(scratchPrefix())], {
      detached: true,
      cwd: '/',
      env: { PATH: process.env['PATH'] },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    // Somebody killed it: take its place, or a later kill -9 of ours would leave functions running.
    shell.once('exit', () => {
      if (this.#shell !== shell) return
      this.#shell = undefined
      if (!this.#stopped && this.#groups.size > 0) this.#start()
    })
    shell.on('error', () => {})
    shell.stdin.on('error', () => {})
    shell.unref()
    if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref()
    for (const pid of this.#groups) shell.stdin.write(`+ ${pid}\n`)
    this.#shell = shell
  }
}
