// A million spans into two shards through two fnscope processes, and a server that is killed in the middle: what was
// acknowledged is counted and listed exactly once, and what a cluster costs beside one engine.
//   node bench/cluster.bench.ts    SPANS=1000000 AWAY=5 PROTOCOLS=otlp-http
import { setTimeout as delay } from 'node:timers/promises'
import { listIds } from '../test/durability/xray-answers.ts'
import { untilStored } from '../test/durability/xray-client.ts'
import { startFnscope, type StartedFnscope } from '../test/started-fnscope.ts'
import { startRig, type Rig } from '../test/store/clickhouse-rig.ts'
import { dyingWithUs, ownChild } from './ingest/children.ts'
import { buildLoadgen, startSending } from './ingest/loadgen.ts'
import type { Protocol } from './ingest/subject.ts'
import { cpuSeconds, load, peakRssMb, report } from './measure.ts'

const SPANS = Number(process.env['SPANS'] ?? 1_000_000)
/** Seconds that the killed server stays away; 0: none is killed. */
const AWAY = Number(process.env['AWAY'] ?? 5)
const protocol = (process.env['PROTOCOLS'] ?? 'otlp-http') as Protocol
const SECONDS = 600

const startedMillis = Date.now()
/** A run takes minutes: what it is at. */
function say(what: string): void {
  console.error(`${((Date.now() - startedMillis) / 1000).toFixed(0).padStart(4)} s  ${what}`)
}

interface Counts {
  readonly spans: string
  readonly distinct: string
  readonly traces: string
}

async function countsOf(rig: Rig, node: number): Promise<Counts> {
  const sql = `SELECT toString(count()) AS spans, toString(uniqExact(trace_id, span_id)) AS distinct,
    toString(uniqExact(trace_id)) AS traces FROM fnscope.spans FORMAT JSONEachRow`
  const answer = await fetch(rig.nodes[node]!.url, { method: 'POST', body: sql })
  return JSON.parse(await answer.text()) as Counts
}

async function startOn(rig: Rig): Promise<StartedFnscope> {
  const fnscope = await startFnscope({
    args: ['--store', rig.urls, '--cluster', rig.cluster],
    command: dyingWithUs(process.execPath),
  })
  ownChild(fnscope.child)
  return fnscope
}

buildLoadgen()
const loadBefore = load()
await using rig = await startRig()
await using first = await startOn(rig)
await using second = await startOn(rig)
const both = [first, second]
const cpuOf = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + (cpuSeconds(pid) ?? 0), 0)
const engines = (): number[] => rig.nodes.map(({ pid }) => pid)
const fnscopes = both.map(({ child }) => child.pid!)
const began = Date.now() / 1000

const target = ({ doors }: StartedFnscope): string =>
  protocol === 'otlp-http' ? `http://${doors[protocol]}/v1/traces` : doors[protocol]!
const sendings = both.map((one) =>
  startSending({ protocol, target: target(one), seconds: SECONDS, spans: SPANS / both.length }),
)
await Promise.all(sendings.map((sending) => sending.began))
const cpuBefore = { fnscope: cpuOf(fnscopes), engines: cpuOf(engines()) }
let killed = 0
if (AWAY > 0) {
  await delay(2000)
  killed = cpuSeconds(rig.nodes[1]!.pid) ?? 0
  await rig.nodes[1]!.kill()
  await delay(AWAY * 1000)
  await rig.nodes[1]!.start()
}
say('sending')
const sent = await Promise.all(sendings.map((sending) => sending.finished))
say('storing')
for (const { url } of both) await untilStored(url)
say('counting')

const acked = sent.reduce((sum, one) => sum + one.acked_spans, 0)
const perMillion = (seconds: number): number => Number((seconds / (acked / 1_000_000)).toFixed(2))
const figures = {
  loadBefore,
  protocol,
  acked,
  ackedPerSecond: Math.round(sent.reduce((sum, one) => sum + one.acked_spans_per_s, 0)),
  retries: sent.reduce((sum, one) => sum + one.retries, 0),
  failed: sent.reduce((sum, one) => sum + one.failed_spans + one.rejected_spans, 0),
  awaySeconds: AWAY,
  cpuSecondsPerMillion: {
    fnscope: perMillion(cpuOf(fnscopes) - cpuBefore.fnscope),
    engines: perMillion(cpuOf(engines()) + killed - cpuBefore.engines),
  },
  fnscopePeakMb: fnscopes.map((pid) => Math.round(peakRssMb(pid) ?? 0)),
  counts: await Promise.all([countsOf(rig, 0), countsOf(rig, 1)]),
}
const range = { StartTime: Math.floor(began) - 3600, EndTime: Math.ceil(Date.now() / 1000) + 60 }
say('listing')
const listed = await listIds(second.url, range)
say('listed')
const distinct = new Set(listed).size
console.log(JSON.stringify({ ...figures, listed: listed.length, listedDistinct: distinct }, null, 2))
report('cluster', { ...figures, listed: listed.length, listedDistinct: distinct, loadAfter: load() })

const problems = figures.counts.flatMap((counts, node) => [
  ...(Number(counts.spans) === acked ? [] : [`server ${node + 1} counts ${counts.spans} spans of ${acked}`]),
  ...(Number(counts.distinct) === acked ? [] : [`server ${node + 1} counts ${counts.distinct} different ones`]),
  ...(Number(counts.traces) === distinct ? [] : [`${distinct} traces are listed of ${counts.traces}`]),
])
if (listed.length !== distinct) problems.push(`${listed.length - distinct} traces are listed twice`)
for (const problem of problems) console.log(`PROBLEM ${problem}`)
process.exitCode = problems.length === 0 ? 0 : 1
