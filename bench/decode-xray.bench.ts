// How many X-Ray spans a second of CPU decodes, bytes to columns: segments with one subsegment as the UDP bench sends them
// (ASCII, the fast way), the same with a word of another script (JSON.parse), and JSON.parse alone beside them.
//   node bench/decode-xray.bench.ts     DOCUMENTS=4000 RUNS=9
import { decodeDocumentBytes } from '../packages/fnscope/src/codec/xray.ts'
import { emptied, newBatch } from '../packages/fnscope/src/span/batch.ts'
import { documentOf, newRun } from './xray-document.ts'
import { load, quantiles, report } from './measure.ts'

const DOCUMENTS = Number(process.env['DOCUMENTS'] ?? 4000)
const RUNS = Number(process.env['RUNS'] ?? 9)
const SPANS_A_DOCUMENT = 2
const CONTEXT = { receivedNanos: 1n, bounds: { minNanos: 0n, maxNanos: 1n << 62n } }

const run = newRun()
/** Behind the header's line. */
const ascii = Array.from({ length: DOCUMENTS }, (_, number) => {
  const datagram = documentOf(run, number)
  return datagram.subarray(datagram.indexOf(10) + 1)
})
const unicode = ascii.map((body) => Buffer.from(body.toString().replaceAll('checkout', '结账')))

let batch = newBatch()

function decodeAll(bodies: readonly Buffer[]): number {
  let taken = 0
  for (const body of bodies) {
    if (taken % 100 === 0) batch = emptied(batch)
    if (decodeDocumentBytes(body, batch, CONTEXT).ok) taken += 1
  }
  if (taken !== bodies.length) throw new Error(`${bodies.length - taken} documents were refused`)
  return taken * SPANS_A_DOCUMENT
}

const SUBJECTS: Readonly<Record<string, () => number>> = {
  'segment documents': () => decodeAll(ascii),
  'segment documents, not ASCII': () => decodeAll(unicode),
  'JSON.parse alone': () =>
    ascii.reduce((spans, body) => spans + (JSON.parse(body.toString()) ? SPANS_A_DOCUMENT : 0), 0),
}

const rates = new Map<string, number[]>(Object.keys(SUBJECTS).map((name) => [name, []]))
// The first two runs are the warm-up.
for (let round = -2; round < RUNS; round++)
  for (const [name, decode] of Object.entries(SUBJECTS)) {
    const before = process.cpuUsage()
    const spans = decode()
    const { user, system } = process.cpuUsage(before)
    if (round >= 0) rates.get(name)!.push((spans * 1e6) / (user + system))
  }

report('decode xray', {
  load: load(),
  bytesPerSpan: Math.round(ascii.reduce((sum, { length }) => sum + length, 0) / (DOCUMENTS * SPANS_A_DOCUMENT)),
  spansPerCpuSecond: Object.fromEntries(
    [...rates].map(([name, each]) => {
      const { p50, max } = quantiles(each)
      return [name, { p50: Math.round(p50), best: Math.round(max) }]
    }),
  ),
})
