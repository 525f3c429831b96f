// The process that becomes the embedded ClickHouse: loads libchdb and calls its command-line entry, which does not return
// while the server runs. Run by engine-child.ts with --experimental-ffi; nobody imports it.
// Plain JavaScript because stripping types costs this process 20 MB of memory and 50 ms for good.
// The call blocks this thread: no timers here, and no signal handlers (with one, SIGTERM would be ignored).
// argv: LIBRARY PARENT_PID ENGINE_ARGUMENT...
import { writeSync } from 'node:fs'
import { dlopen, getRawPointer, toString } from 'node:ffi'

const PR_SET_PDEATHSIG = 1
const SIGKILL = 9n

const [library, parentText, ...engineArguments] = process.argv.slice(2)
const parentPid = Number(parentText)

/** Ends this process with its parent, also when that is killed hard and can do nothing more. */
async function dieWithParent() {
  if (process.platform === 'linux') {
    const { functions } = dlopen(null, { prctl: { arguments: ['i32', 'u64', 'u64', 'u64', 'u64'], return: 'i32' } })
    functions.prctl(PR_SET_PDEATHSIG, SIGKILL, 0n, 0n, 0n)
  } else {
    const { Worker } = await import('node:worker_threads')
    const watch = `setInterval(() => { if (process.ppid !== ${parentPid}) process.kill(process.pid, 'SIGKILL') }, 250)`
    const worker = new Worker(watch, { eval: true })
    // Once this thread is blocked it can no longer help the worker to start.
    await new Promise((resolve) => worker.once('online', resolve))
  }
  // The parent may have ended before that took effect.
  if (process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL')
}

await dieWithParent()
const { functions: engine } = dlopen(library, {
  chdb_query_cmdline: { arguments: ['i32', 'pointer'], return: 'pointer' },
  chdb_result_error: { arguments: ['pointer'], return: 'pointer' },
})
// The array holds bare addresses: `texts` keeps what they point to alive.
const texts = ['clickhouse', ...engineArguments].map((argument) => Buffer.from(`${argument}\0`))
const argv = BigUint64Array.from([...texts.map((text) => getRawPointer(text)), 0n])
const result = engine.chdb_query_cmdline(texts.length, argv)
const error = result === 0n ? 'the engine gave no result' : toString(engine.chdb_result_error(result))
if (error) writeSync(2, `${error}\n`)
// The engine's own threads would hold up an ordinary exit. However the call ended, there is no server any more.
process.reallyExit(1)
