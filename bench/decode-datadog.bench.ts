// How many Datadog spans a second of CPU decodes, wire bytes to columns, by version of the agent's API.
//   node bench/decode-datadog.bench.ts     BODIES=100 RUNS=7
import { decodeDatadogV04 } from '../packages/fnscope/src/codec/datadog-v04.ts'
import { decodeDatadogV05 } from '../packages/fnscope/src/codec/datadog-v05.ts'
import { newBatch } from '../packages/fnscope/src/span/batch.ts'
import { datadogV04Body, datadogV05Body, SPANS_A_REQUEST } from './datadog-body.ts'
import { load, quantiles, report } from './measure.ts'

const BODIES = Number(process.env['BODIES'] ?? 100)
const RUNS = Number(process.env['RUNS'] ?? 7)

const CONTEXT = { receivedNanos: 1n, bounds: { minNanos: 0n, maxNanos: 1n << 62n } }

const SUBJECTS = {
  'v0.4': { decode: decodeDatadogV04, bodies: Array.from({ length: BODIES }, (_, at) => datadogV04Body(at)) },
  'v0.5': { decode: decodeDatadogV05, bodies: Array.from({ length: BODIES }, (_, at) => datadogV05Body(at)) },
} as const

const batch = newBatch()

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const rates = new Map<string, number[]>(Object.keys(SUBJECTS).map((name) => [name, []]))
// The first two runs are the warm-up.
for (let run = -2; run < RUNS; run++)
  for (const [name, { decode, bodies }] of Object.entries(SUBJECTS)) {
    const before = cpuSeconds()
    let spans = 0
    for (const body of bodies) {
      batch.spans.clear()
      spans += decode(body, batch.spans, CONTEXT).rows
    }
    if (run >= 0) rates.get(name)!.push(spans / (cpuSeconds() - before))
  }

report('decode datadog', {
  load: load(),
  bytesPerSpan: Object.fromEntries(
    Object.entries(SUBJECTS).map(([name, { bodies }]) => [
      name,
      Math.round(bodies.reduce((sum, { length }) => sum + length, 0) / (BODIES * SPANS_A_REQUEST)),
    ]),
  ),
  spansPerCpuSecond: Object.fromEntries(
    [...rates].map(([name, each]) => {
      const { p50, max } = quantiles(each)
      return [name, { p50: Math.round(p50), best: Math.round(max) }]
    }),
  ),
})
