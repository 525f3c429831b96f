// How many OTLP spans a second of CPU decodes: fnscope's reader, wire bytes to columns, beside a decoder that protobufjs
// generates from the same messages, wire bytes to objects; in turns, so that whatever else the machine does falls on both.
//   node bench/decode.bench.ts     BODIES=200 RUNS=7
import { decodeOtlpTracesJson } from '../packages/fnscope/src/codec/otlp-traces-json.ts'
import { decodeOtlpTraces } from '../packages/fnscope/src/codec/otlp-traces.ts'
import { newBatch } from '../packages/fnscope/src/span/batch.ts'
import { encodeBatch } from '../packages/fnscope/src/store/encode.ts'
import { OTLP_REQUEST } from '../test/receive/otlp-messages.ts'
import { otlpBody, SPANS_A_BODY } from './otlp-body.ts'
import { load, quantiles, report } from './measure.ts'

const BODIES = Number(process.env['BODIES'] ?? 200)
const RUNS = Number(process.env['RUNS'] ?? 7)

const OPTIONS = { receivedNanos: 1n, bounds: { minNanos: 0n, maxNanos: 1n << 62n } }

const bodies = Array.from({ length: BODIES }, (_, index) => otlpBody(index))
const jsons = bodies
  .slice(0, 20)
  .map((body) => Buffer.from(JSON.stringify(OTLP_REQUEST.decode(body).toJSON(), idsInHex)))

/** protobufjs writes every bytes field as base64; OTLP's JSON has ids in hex. */
function idsInHex(key: string, value: unknown): unknown {
  return /(?:trace|span)Id$/i.test(key) ? Buffer.from(String(value), 'base64').toString('hex') : value
}

const batch = newBatch()

const SUBJECTS: Readonly<Record<string, () => number>> = {
  fnscope: () => decodeAll(bodies, (body) => decodeOtlpTraces(body, batch.spans, OPTIONS).rows),
  'fnscope, and encoded for the log': () =>
    decodeAll(bodies, (body) => {
      const { rows } = decodeOtlpTraces(body, batch.spans, OPTIONS)
      return encodeBatch(batch)[0]!.rows === rows ? rows : Number.NaN
    }),
  'fnscope, OTLP/JSON': () => decodeAll(jsons, (body) => decodeOtlpTracesJson(body, batch.spans, OPTIONS).rows),
  protobufjs: () => decodeAll(bodies, (body) => (OTLP_REQUEST.decode(body) ? SPANS_A_BODY : 0)),
}

function decodeAll(all: readonly Uint8Array[], decode: (body: Uint8Array) => number): number {
  let spans = 0
  for (const body of all) {
    batch.spans.clear()
    spans += decode(body)
  }
  return spans
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const rates = new Map<string, number[]>(Object.keys(SUBJECTS).map((name) => [name, []]))
const ratios: number[] = []
// The first run is the warm-up.
for (let run = 0; run <= RUNS; run++)
  for (const [name, decode] of Object.entries(SUBJECTS)) {
    const before = cpuSeconds()
    const spans = decode()
    if (run > 0) rates.get(name)!.push(spans / (cpuSeconds() - before))
  }
for (let run = 0; run < RUNS; run++) ratios.push(rates.get('fnscope')![run]! / rates.get('protobufjs')![run]!)

const perCpuSecond = Object.fromEntries(
  [...rates].map(([name, each]) => {
    const { p50, max } = quantiles(each)
    return [name, { p50: Math.round(p50), best: Math.round(max) }]
  }),
)
report('decode otlp', {
  load: load(),
  bytesPerSpan: Math.round(bodies.reduce((sum, { length }) => sum + length, 0) / (BODIES * SPANS_A_BODY)),
  spansPerCpuSecond: perCpuSecond,
  timesProtobufjs: quantiles(ratios),
})
