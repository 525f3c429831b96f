// Unmodified `sam traces` beside traffic: followed with --tail, cut by times, with traces that are not whole yet.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { eventually, runClient, startFnscope, VENV, type StartedFnscope } from '../started-fnscope.ts'
import { epochSeconds, putDocuments, segmentAt, visible } from './xray-client.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

const recent = (name: string): ReturnType<typeof segmentAt> => segmentAt(epochSeconds() - 2, { name })

test('sam traces --tail prints a new trace once, nothing again, and a partial one when it is whole', async () => {
  const first = recent('first')
  await putDocuments(fnscope, [first])
  await visible(fnscope, [first])
  const sam = spawn(join(VENV, 'bin/sam'), ['traces', '--tail'], {
    env: { ...fnscope.clientEnv, PYTHONUNBUFFERED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(sam, 'close')
  let printed = ''
  sam.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  let errors = ''
  sam.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const times = (traceId: string): number => printed.split(`with id (${traceId})`).length - 1
  const shown = (traceId: string): Promise<true> =>
    eventually(async () => (times(traceId) > 0 ? true : undefined), 60_000).catch(() => {
      throw new Error(`${traceId} is not printed:\n${printed}\n${errors}`)
    })
  try {
    await shown(first.trace_id)
    const running = recent('slow')
    const worker = { ...segmentAt(running['start_time'] as number), trace_id: running.trace_id, parent_id: running.id }
    await putDocuments(fnscope, [running, { ...worker, end_time: undefined, in_progress: true }])
    await visible(fnscope, [running, worker])
    // Each comes with a later round of its asking.
    const later = []
    for (const name of ['second', 'third', 'fourth']) {
      const trace = recent(name)
      later.push(trace)
      await putDocuments(fnscope, [trace])
      await shown(trace.trace_id)
    }
    assert.equal(times(running.trace_id), 0, 'it is not whole')
    await putDocuments(fnscope, [worker])
    await shown(running.trace_id)
    const last = recent('last')
    await putDocuments(fnscope, [last])
    await shown(last.trace_id)
    for (const one of [first, ...later, running, last]) assert.equal(times(one.trace_id), 1, printed)
  } finally {
    sam.kill('SIGINT')
    await ended
  }
})

test('sam traces --start-time and --end-time print what began between them', async () => {
  const from = Math.floor(epochSeconds()) - 5000
  const traces = [
    segmentAt(from - 100),
    segmentAt(from + 10),
    segmentAt(from + 50, { name: 'outer' }),
    segmentAt(from + 200),
  ]
  const [, inside, second] = traces
  const inner = segmentAt(from + 50.1, {
    trace_id: second!.trace_id,
    parent_id: second!.id,
    name: 'inner',
    end_time: from + 50.6,
  })
  await putDocuments(fnscope, [...traces, inner])
  await visible(fnscope, [...traces, inner])
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19)
  const ran = await runClient(
    'sam',
    ['traces', '--start-time', iso(from), '--end-time', iso(from + 100)],
    fnscope.clientEnv,
  )
  assert.equal(ran.code, 0, ran.stderr)
  assert.deepEqual(
    [...ran.stdout.matchAll(/with id \((.*?)\) and duration \((.*?)s\)/g)].map(([, id, seconds]) => [id, seconds]),
    [
      [second!.trace_id, '1.000'],
      [inside!.trace_id, '1.000'],
    ],
    'sam keeps the order of the answers: newest first',
  )
  assert.match(ran.stdout, /- 1\.000s - outer\n/)
  assert.match(ran.stdout, /- 0\.500s - inner\n/)
  assert.match(ran.stdout, /- total requests: 1\n/)
})

test('sam traces --output json prints the documents of a trace by id', async () => {
  const trace = segmentAt(epochSeconds() - 20, { annotations: { city: 'Zürich' } })
  await putDocuments(fnscope, [trace])
  await visible(fnscope, [trace])
  const ran = await runClient('sam', ['traces', '--trace-id', trace.trace_id, '--output', 'json'], fnscope.clientEnv)
  assert.equal(ran.code, 0, ran.stderr)
  assert.match(ran.stdout, /Z(ü|\\u00fc)rich/)
})
