// Several fnscope processes on one cluster, as users start them: documents through all of them, a node killed in the
// middle, answers that say what they lack, one process for each role.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { listIds, readShapes, readWholeServiceGraph } from '../durability/xray-answers.ts'
import { putSegments, untilStored } from '../durability/xray-client.ts'
import { TraceMaker } from '../durability/xray-documents.ts'
import { eventually, hasClients, runFnscope, runPython, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { startRig, type Rig } from './clickhouse-rig.ts'

const started = Date.now() / 1000

/** Traces sent until told to stop, each document until it is acknowledged; the ids of those that were. */
function startSender(url: string): { readonly ids: string[]; stop(): Promise<void> } {
  const ids: string[] = []
  const stopping = new AbortController()
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const startSeconds = Date.now() / 1000 - 1
      const made = new TraceMaker(startSeconds).make({ startSeconds, durationSeconds: 0.2 })
      for (const sending of made.sendings)
        for (;;) {
          const answer = await putSegments(url, sending)
          if (answer?.status === 200 && answer.unprocessed === 0) break
          await delay(50)
        }
      ids.push(made.id)
      await delay(10)
    }
  }
  const running = run()
  return {
    ids,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** Rows that the process itself is to compute the graph of. */
async function waitingSpansOf(url: string): Promise<number> {
  const metrics = await (await fetch(new URL('/metrics', url))).text()
  return Number(/^fnscope_graph_spans_waiting (\d+)$/m.exec(metrics)?.[1])
}

suite('several processes on one cluster', { timeout: 300_000 }, () => {
  let rig: Rig
  let processes: readonly StartedFnscope[]
  const ids: string[] = []
  const storeArgs = (): string[] => ['--store', rig.urls, '--cluster', rig.cluster]
  before(async () => {
    rig = await startRig()
    processes = await Promise.all([1, 2].map(() => startFnscope({ args: storeArgs() })))
  })
  after(async () => {
    await Promise.all(processes.map((one) => one[Symbol.asyncDispose]()))
    await rig[Symbol.asyncDispose]()
  })

  test('a node killed in the middle costs nothing: what was acknowledged is there once, from either process', async () => {
    const senders = processes.map(({ url }) => startSender(url))
    const sent = (): number => senders.reduce((sum, sender) => sum + sender.ids.length, 0)
    await eventually(async () => sent() > 100 || undefined, 60_000)
    await rig.nodes[1]!.kill()
    const before = sent()
    await eventually(async () => sent() > before + 100 || undefined, 60_000)
    await rig.nodes[1]!.start()
    const later = sent()
    await eventually(async () => sent() > later + 100 || undefined, 60_000)
    for (const sender of senders) {
      await sender.stop()
      ids.push(...sender.ids)
    }
    for (const { url } of processes) await untilStored(url)
    const range = { StartTime: Math.floor(started) - 60, EndTime: Math.floor(Date.now() / 1000) + 60 }
    for (const { url } of processes) {
      const shapes = await readShapes(url, ids)
      assert.equal(shapes.size, ids.length)
      assert.deepEqual(new Set(shapes.values()), new Set(['back front(handler(back))']))
      assert.deepEqual((await listIds(url, range)).sort(), [...ids].sort())
    }
  })

  test('one of the processes computes the graph, of what both received, and both answer with it', async () => {
    const total = ids.length
    const counts = { 'client>front': total, front: total, 'front>back': total, back: total }
    const range = { StartTime: Math.floor(started) - 60, EndTime: Math.floor(Date.now() / 1000) + 60 }
    for (const { url } of processes) assert.deepEqual(await readWholeServiceGraph(url, range), counts)
    const [first, second] = await Promise.all(processes.map(({ url }) => waitingSpansOf(url)))
    await eventually(async () => {
      const waiting = await Promise.all(processes.map(({ url }) => waitingSpansOf(url)))
      return waiting.every((spans) => spans === 0) || undefined
    }, 120_000)
    assert.ok(first === 0 || second === 0, 'the one without the lease has nothing to compute')
    for (const { url } of processes) assert.deepEqual(await readWholeServiceGraph(url, range), counts)
  })

  test('while a node is away answers come from the other, marked in header, JSON and on the terminal', async () => {
    const { url } = processes[0]!
    await rig.nodes[1]!.kill()
    const gap = `shard 2 of 2 (${rig.nodes[1]!.native})`
    const response = await fetch(new URL('/api/traces?limit=100', url))
    assert.equal(response.headers.get('x-fnscope-partial'), gap)
    const body = (await response.json()) as { readonly traces: readonly object[]; readonly missing: readonly string[] }
    assert.ok(body.traces.length > 0)
    assert.deepEqual(body.missing, [gap])
    const listed = await runFnscope(['traces', '--limit', '5'], { FNSCOPE_URL: url })
    assert.equal(listed.code, 0)
    assert.equal(listed.stdout.trim().split('\n').length, 5)
    assert.match(listed.stderr, /^warning: .*shard 2 of 2/)
    const found = await readShapes(url, ids)
    assert.ok(found.size > 0 && found.size < ids.length, `${found.size} of ${ids.length}`)
    const health = await fetch(new URL('/api/health', url))
    assert.equal(health.headers.get('x-fnscope-partial'), null, 'nothing stored was asked for')
  })

  test('an X-Ray client reads a marked answer as any other', { skip: !hasClients() && 'no boto3' }, async () => {
    const counts = await runPython<{ readonly found: number; readonly partial: string }>(
      `import boto3, json
page = boto3.client('xray').get_trace_summaries(StartTime=${Math.floor(started) - 60}, EndTime=${Math.floor(Date.now() / 1000) + 60})
print(json.dumps({'found': len(page['TraceSummaries']), 'partial': page['ResponseMetadata']['HTTPHeaders'].get('x-fnscope-partial', '')}))`,
      processes[0]!.clientEnv,
    )
    assert.ok(counts.found > 0)
    assert.match(counts.partial, /^shard 2 of 2/)
  })

  test('a process may start while a node is away; when it is back, answers are whole again', async () => {
    await using third = await startFnscope({ args: storeArgs() })
    assert.ok((await readShapes(third.url, ids)).size > 0)
    await rig.nodes[1]!.start()
    await eventually(async () => {
      const response = await fetch(new URL('/api/traces', third.url))
      return response.headers.get('x-fnscope-partial') === null ? true : undefined
    }, 30_000)
    assert.equal((await readShapes(third.url, ids)).size, ids.length)
  })

  test('one process for each role: what is another one’s part is refused with the role that is missing', async () => {
    await using receiver = await startFnscope({ args: [...storeArgs(), '--roles', 'receive'] })
    await using reader = await startFnscope({ args: [...storeArgs(), '--roles', 'query'] })
    assert.ok(receiver.doors['xray-daemon'])
    assert.equal(reader.doors['xray-daemon'], undefined)
    assert.deepEqual((reader as unknown as { readonly roles: readonly string[] }).roles, ['query'])
    const startSeconds = Date.now() / 1000 - 1
    const made = new TraceMaker(startSeconds).make({ startSeconds, durationSeconds: 0.2 })
    for (const sending of made.sendings) assert.equal((await putSegments(receiver.url, sending))?.status, 200)
    await untilStored(receiver.url)
    assert.equal((await readShapes(reader.url, [made.id])).size, 1)
    const refusals: [string, string, string, RegExp][] = [
      [receiver.url, 'POST', '/TraceSummaries', /role query; .*--roles receive/],
      [receiver.url, 'GET', '/api/traces', /role query/],
      [reader.url, 'POST', '/TraceSegments', /role receive or platform; .*--roles query/],
      [reader.url, 'GET', '/api/functions', /role platform/],
    ]
    for (const [url, method, path, message] of refusals) {
      const response = await fetch(new URL(path, url), { method, headers: { authorization: 'x' } })
      assert.equal(response.status, 400, path)
      assert.match(await response.text(), message)
    }
    const listed = await runFnscope(['functions'], { FNSCOPE_URL: reader.url })
    assert.equal(listed.code, 1)
    assert.match(listed.stderr, /role platform.*\(FNS_ROLE_MISSING\)/)
  })
})
