// The shell that is started ahead of a cold start: that it becomes the program that it is told, whatever is in its
// variables, and that it neither outlives its platform nor stands in the way when it is gone.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { shellJob } from '../../packages/fnscope/src/functions/isolation/shell-job.ts'
import { WaitingShells } from '../../packages/fnscope/src/functions/isolation/waiting-shell.ts'
import { ProcessGuard } from '../../packages/fnscope/src/functions/process-guard.ts'
import { ISOLATION, until } from './harness.ts'

test('variables and arguments arrive byte for byte, and no other variable does', async () => {
  const guard = new ProcessGuard()
  const shells = new WaitingShells(ISOLATION, guard)
  try {
    shells.keepOne()
    const variables = {
      QUOTES: `it's "$HOME" \`id\` \\ \\n`,
      LINES: 'one\ntwo\n',
      UTF8: 'ä€😀',
      EMPTY: '',
      PATH: '/none',
    }
    const print = 'console.log(JSON.stringify([process.env, process.argv.slice(1), process.cwd()]))'
    const words = ["'", '$(id)', '*', '-n', '']
    const { child } = shells.take('none')
    child.stdin.end(shellJob({ command: [process.execPath, '-e', print, '--', ...words], cwd: '/usr' }, variables))
    const [seen, argv, cwd] = JSON.parse(await text(child.stdout)) as [Record<string, string>, string[], string]
    // Shells name the directory and themselves, as on the cloud.
    for (const name of ['PWD', 'SHLVL', '_']) delete seen[name]
    assert.deepEqual([seen, argv, cwd], [variables, words, '/usr'])
  } finally {
    await shells.stop()
    guard.stop()
  }
})

test('one that somebody killed while it waited is not taken, and none waits after the end', async () => {
  const guard = new ProcessGuard()
  const shells = new WaitingShells(ISOLATION, guard)
  try {
    shells.keepOne()
    const [waiting] = ownShells()
    assert.ok(waiting !== undefined)
    process.kill(-waiting, 'SIGKILL')
    // A zombie is there until its end has been seen here.
    await until(() => !isThere(waiting), 30_000)
    const { child } = shells.take(ISOLATION.kind)
    assert.notEqual(child.pid, waiting)
    process.kill(-child.pid!, 'SIGKILL')
    shells.keepOne()
    await until(() => ownShells().some((pid) => pid !== child.pid), 30_000)
    await shells.stop()
    shells.keepOne()
    await until(() => ownShells().length === 0, 30_000)
  } finally {
    await shells.stop()
    guard.stop()
  }
})

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Waiting shells that this process started and that live. */
function ownShells(): number[] {
  const table = execFileSync('ps', ['-axww', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
  return table.split('\n').flatMap((line) => {
    const [pid, parent, ...args] = line.trim().split(/\s+/)
    const ours = Number(parent) === process.pid && args.join(' ').includes('ulimit -n 1024')
    return ours ? [Number(pid)] : []
  })
}
