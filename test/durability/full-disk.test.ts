// A disk that is full for everybody: log and engine share a small file system, mounted in a namespace of its own.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { test } from 'node:test'
import { eventually, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'
import { enginePidOf } from './processes.ts'
import { listIds, readShapes, readTraceGraph, readWholeServiceGraph } from './xray-answers.ts'
import { putSegments, readCounter, UdpSender, untilStored } from './xray-client.ts'
import { lonelySegment, TraceMaker } from './xray-documents.ts'

const NAMESPACE = process.getuid?.() === 0 ? '-m' : '-Urm'
const DISK = '192m'

function whyNot(): string | false {
  if (process.platform !== 'linux') return 'needs Linux: a small tmpfs in a mount namespace'
  try {
    execFileSync('unshare', [NAMESPACE, 'true'], { stdio: 'ignore' })
    return false
  } catch {
    return `unshare ${NAMESPACE} is refused here: no small file system to fill`
  }
}

/** The small disk as this process sees it. */
class Disk {
  readonly #path: string
  readonly #filler: string

  constructor(started: StartedFnscope) {
    this.#path = `/proc/${started.child.pid}/root${started.dataDir}`
    this.#filler = `${this.#path}/filler`
  }

  /** Until only so many bytes are free. */
  fill(leaveBytes: number): void {
    const file = openSync(this.#filler, 'a')
    const megabyte = Buffer.alloc(1 << 20)
    try {
      for (let free = this.#free(); free > leaveBytes; free = this.#free())
        writeSync(file, megabyte, 0, Math.min(megabyte.length, free - leaveBytes))
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
    } finally {
      closeSync(file)
    }
  }

  #free(): number {
    const { bavail, bsize } = statfsSync(this.#path)
    return bavail * bsize
  }

  empty(): void {
    rmSync(this.#filler)
  }
}

test(
  'a full disk is answered with Retry-After and counted, loses nothing, and ends when there is room',
  { skip: whyNot() },
  async (t) => {
    const dataDir = temporaryDir('disk')
    t.after(() => rmSync(dataDir, { recursive: true, force: true }))
    const mount = `mount -t tmpfs -o size=${DISK},mode=700 tmpfs "$0" && exec "$@"`
    const started = await startFnscope({
      dataDir,
      command: ['unshare', NAMESPACE, 'sh', '-c', mount, dataDir, process.execPath],
    })
    t.after(() => started.stop())
    const { url } = started
    const disk = new Disk(started)
    const range = { StartTime: Math.floor(Date.now() / 1000) - 60, EndTime: Math.floor(Date.now() / 1000) + 3600 }
    const acknowledged: string[] = []
    /** Both sendings, each once; what is refused halfway is sent again by the caller. */
    const unfinished: (readonly string[])[] = []
    const refusals = new Set<string>()
    const put = async (sending: readonly string[]): Promise<boolean> => {
      const answer = await putSegments(url, sending)
      assert.ok(answer !== undefined, 'no answer')
      if (answer.status === 200) return true
      refusals.add(`${answer.status} retry-after ${answer.retryAfter}`)
      return false
    }
    const putTrace = async (): Promise<boolean> => {
      const startSeconds = Date.now() / 1000 - 1
      const made = new TraceMaker(startSeconds).make({ startSeconds, durationSeconds: 0.2 })
      const refused: (readonly string[])[] = []
      for (const sending of made.sendings) if (!(await put(sending))) refused.push(sending)
      // Something of it was taken: the sender goes on trying with the rest.
      if (refused.length < made.sendings.length) {
        acknowledged.push(made.id)
        unfinished.push(...refused)
      }
      return refused.length === 0
    }
    for (let n = 0; n < 20; n++) assert.ok(await putTrace())
    await untilStored(url)

    for (const leaveBytes of [1 << 20, 64 << 10, 0]) {
      disk.fill(leaveBytes)
      for (let refused = 0, tries = 0; refused < 5 && tries < 3000; tries++) {
        disk.fill(leaveBytes)
        if (!(await putTrace())) refused += 1
      }
    }
    assert.deepEqual([...refusals], ['429 retry-after 1'])
    const dropped = () => readCounter(url, 'fnscope_dropped_total', 'door="xray-daemon",reason="queue_full"')
    const droppedBefore = await dropped()
    using udp = new UdpSender()
    for (let n = 0; n < 10; n++) udp.send(started.doors['xray-daemon']!, lonelySegment('udp', Date.now() / 1000).text)
    await eventually(async () => ((await dropped()) - droppedBefore === 10 ? true : undefined))
    assert.equal((await readShapes(url, acknowledged.slice(0, 20))).size, 20)
    // Worst of all: the engine must start again, without room for a byte.
    process.kill(enginePidOf(started.child.pid!)!, 'SIGKILL')
    assert.equal(await putTrace(), false)

    disk.empty()
    await eventually(async () => ((await putTrace()) ? true : undefined))
    for (const sending of unfinished) assert.ok(await put(sending))
    await untilStored(url)
    const total = acknowledged.length
    const shapes = await readShapes(url, acknowledged)
    assert.deepEqual(new Set(shapes.values()), new Set(['back front(handler(back))']))
    assert.equal(shapes.size, total)
    assert.deepEqual((await listIds(url, range)).sort(), [...acknowledged].sort())
    const counts = { 'client>front': total, front: total, 'front>back': total, back: total }
    assert.deepEqual(await readTraceGraph(url, acknowledged), counts)
    assert.deepEqual(await readWholeServiceGraph(url, range), counts)
    assert.equal(await started.stop(), 0, started.stderr())
    t.diagnostic(`${total} traces acknowledged, 0 lost; refused with ${[...refusals].join(', ')}`)
  },
)
