// X-Ray documents over UDP: how soon a single one is in an answer, and how many a second are taken without loss. Every
// document that the door counts as received is then asked for: its rows, and a sample of its traces.
//   node bench/udp.bench.ts      RATES=10000,30000 DURATION=5 SINGLE=50 RUNS=3
import { once } from 'node:events'
import { createSocket } from 'node:dgram'
import { spawn } from 'node:child_process'
import { join } from 'node:path'

import { eventually, startFnscope, type StartedFnscope } from '../test/started-fnscope.ts'
import { childrenOf, cpuSeconds, load, median, peakRssMb, quantiles, report, udpDrops } from './measure.ts'
import { documentOf, newRun, traceIdOf } from './xray-document.ts'

const SINGLE = Number(process.env['SINGLE'] ?? 50)
const RATES = (process.env['RATES'] ?? '5000,10000,20000,30000').split(',').map(Number)
const SECONDS = Number(process.env['DURATION'] ?? 5)
const RUNS = Number(process.env['RUNS'] ?? 3)
const SAMPLED_TRACES = 50
/** Of X-Ray's BatchGetTraces. */
const TRACES_PER_REQUEST = 5

interface Sent {
  readonly sent: number
  readonly seconds: number
  readonly cpuSeconds: number
}

function doorOf(fnscope: StartedFnscope): { readonly host: string; readonly port: number } {
  const [host, port] = fnscope.doors['xray-daemon']!.split(':') as [string, string]
  return { host, port: Number(port) }
}

async function tracesFound(fnscope: StartedFnscope, ids: readonly string[]): Promise<number> {
  const response = await fetch(`${fnscope.url}/Traces`, {
    method: 'POST',
    body: JSON.stringify({ TraceIds: ids }),
    headers: { authorization: 'bench' },
  })
  return ((await response.json()) as { readonly Traces: readonly unknown[] }).Traces.length
}

/** The sum of the counter's series that carry all the labels. */
async function counter(fnscope: StartedFnscope, name: string, ...labels: readonly string[]): Promise<number> {
  const text = await (await fetch(`${fnscope.url}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => line.startsWith(name) && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

const receivedBy = (fnscope: StartedFnscope): Promise<number> =>
  counter(fnscope, 'fnscope_received_total', 'door="xray-daemon"')
const droppedBy = (fnscope: StartedFnscope): Promise<number> =>
  counter(fnscope, 'fnscope_dropped_total', 'door="xray-daemon"')
const storedBy = (fnscope: StartedFnscope): Promise<number> =>
  counter(fnscope, 'fnscope_stored_rows_total', 'table="documents"')

/** Milliseconds from sending one document until BatchGetTraces has it. */
async function measureSingle(fnscope: StartedFnscope): Promise<number[]> {
  const { host, port } = doorOf(fnscope)
  const socket = createSocket('udp4')
  const run = newRun()
  const visible: number[] = []
  for (let number = 0; number < SINGLE; number++) {
    const datagram = documentOf(run, number)
    const started = performance.now()
    await new Promise<void>((resolve) => socket.send(datagram, port, host, () => resolve()))
    while ((await tracesFound(fnscope, [traceIdOf(run, number)])) === 0)
      await new Promise((resolve) => setTimeout(resolve, 2))
    visible.push(performance.now() - started)
  }
  socket.close()
  return visible
}

async function send(fnscope: StartedFnscope, rate: number, run: string): Promise<Sent> {
  const { host, port } = doorOf(fnscope)
  const args = [
    join(import.meta.dirname, 'udp-sender.ts'),
    host,
    String(port),
    String(rate),
    String(rate * SECONDS),
    run,
  ]
  const sender = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let answer = ''
  sender.stdout.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  await once(sender, 'close')
  return JSON.parse(answer) as Sent
}

function cpuOf(fnscope: StartedFnscope): { readonly fnscope: number; readonly engine: number } {
  const own = fnscope.child.pid!
  const engine = childrenOf(own).reduce((sum, pid) => sum + (cpuSeconds(pid) ?? 0), 0)
  return { fnscope: cpuSeconds(own) ?? 0, engine }
}

async function measureRate(fnscope: StartedFnscope, rate: number) {
  const run = newRun()
  const before = {
    received: await receivedBy(fnscope),
    stored: await storedBy(fnscope),
    dropped: await droppedBy(fnscope),
  }
  const dropsBefore = udpDrops(doorOf(fnscope).port)
  const cpuBefore = cpuOf(fnscope)
  const sent = await send(fnscope, rate, run)
  const ended = performance.now()
  // Settled: nothing more comes, and as many rows are stored as documents were received.
  let last = -1
  const received = await eventually(async () => {
    const now = await receivedBy(fnscope)
    const stored = await storedBy(fnscope)
    const settled = now === last && stored - before.stored >= now - before.received
    last = now
    return settled ? now - before.received : undefined
  }, 60_000)
  const storedAfterSeconds = (performance.now() - ended) / 1000
  const cpu = cpuOf(fnscope)
  const perMillion = (now: number, before: number): number => Number((((now - before) / received) * 1e6).toFixed(1))
  const stored = (await storedBy(fnscope)) - before.stored
  const dropped = (await droppedBy(fnscope)) - before.dropped
  const drops = udpDrops(doorOf(fnscope).port)
  return {
    offeredPerSecond: Math.round(sent.sent / sent.seconds),
    sent: sent.sent,
    received,
    stored,
    lossPercent: Number((100 * (1 - received / sent.sent)).toFixed(3)),
    lostByKernel: drops === undefined || dropsBefore === undefined ? undefined : drops - dropsBefore,
    droppedAndCounted: dropped,
    storedAfterSeconds: Number(storedAfterSeconds.toFixed(2)),
    cpuSecondsPerMillion: {
      fnscope: perMillion(cpu.fnscope, cpuBefore.fnscope),
      engine: perMillion(cpu.engine, cpuBefore.engine),
    },
    senderCpuShare: Number((sent.cpuSeconds / sent.seconds).toFixed(2)),
    tracesQueryable: `${await sampleTraces(fnscope, run, sent.sent)} of ${SAMPLED_TRACES}`,
  }
}

/** Of traces spread over the run; those that were lost on the way are missing. */
async function sampleTraces(fnscope: StartedFnscope, run: string, total: number): Promise<number> {
  let found = 0
  for (let from = 0; from < SAMPLED_TRACES; from += TRACES_PER_REQUEST) {
    const ids = Array.from({ length: TRACES_PER_REQUEST }, (_, at) =>
      traceIdOf(run, Math.floor(((from + at) * total) / SAMPLED_TRACES)),
    )
    found += await tracesFound(fnscope, ids)
  }
  return found
}

await using fnscope = await startFnscope(
  process.env['FNSCOPE_ARGS'] ? { args: process.env['FNSCOPE_ARGS'].split(' ') } : {},
)
const loadBefore = load()
const visible = quantiles((await measureSingle(fnscope)).slice(5))
// Warm: what is measured is a door that has run for a while.
await measureRate(fnscope, 5000)
const rates = []
for (const rate of RATES) {
  const runs = []
  for (let run = 0; run < RUNS; run++) runs.push(await measureRate(fnscope, rate))
  const losses = runs.map((run) => run.lossPercent)
  rates.push({ rate, lossPercent: { median: median(losses), worst: Math.max(...losses) }, runs })
}
report('udp', {
  loadBefore,
  documentBytes: documentOf(newRun(), 1).length,
  seconds: SECONDS,
  visibleMs: visible,
  rates,
  peakRssMb: peakRssMb(fnscope.child.pid!),
})
