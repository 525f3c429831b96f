// How many of DataKit's points a second of CPU decodes into the batch: spans, metric points and log lines, from protobuf
// and from line protocol, a hundred points a body, as the fixtures have them.
//   node bench/points.bench.ts     BODIES=200 RUNS=7
import { readFileSync } from 'node:fs'
import { decodePoints, type PointFormat } from '../packages/fnscope/src/codec/decode-points.ts'
import { formatLine } from '../packages/fnscope/src/codec/point-format.ts'
import { decodePointsProtobuf } from '../packages/fnscope/src/codec/point-protobuf.ts'
import { GUESSED } from '../packages/fnscope/src/codec/point-time.ts'
import type { Point } from '../packages/fnscope/src/codec/point.ts'
import { emptied, newBatch, type Batch } from '../packages/fnscope/src/span/batch.ts'
import { encodePoints } from '../test/receive/point-messages.ts'
import { load, quantiles, report } from './measure.ts'

const BODIES = Number(process.env['BODIES'] ?? 200)
const RUNS = Number(process.env['RUNS'] ?? 7)
const POINTS_A_BODY = 100

const CONTEXT = {
  receivedNanos: 1_795_248_000_000_000_000n,
  bounds: { minNanos: 0n, maxNanos: 1n << 62n },
  precision: GUESSED,
  extraTags: [],
  strict: false,
} as const

/** The fixture's points over and over, with times of their own. */
function pointsOf(category: string): Point[] {
  const fixture = readFileSync(new URL(`../test/fixtures/dataway/dataway-${category}.pb`, import.meta.url))
  const points: Point[] = []
  decodePointsProtobuf(fixture, { take: (point) => void points.push(point), refuse: () => {} })
  return Array.from({ length: POINTS_A_BODY }, (_, index) => {
    const point = points[index % points.length]!
    return { ...point, timeNanos: point.timeNanos! + BigInt(index) }
  })
}

let batch: Batch = newBatch()
const subjects: [name: string, decode: () => number][] = []
for (const category of ['tracing', 'metric', 'logging']) {
  const points = pointsOf(category)
  const bodies: readonly (readonly [PointFormat, Uint8Array])[] = [
    ['protobuf', encodePoints(points)],
    ['line', Buffer.from(points.map(formatLine).join('\n'))],
  ]
  for (const [format, body] of bodies)
    subjects.push([
      `${category}, ${format}`,
      () => {
        let rows = 0
        for (let i = 0; i < BODIES; i++) {
          batch = emptied(batch)
          rows += decodePoints(body, batch, { ...CONTEXT, category, format }).rows
        }
        return rows
      },
    ])
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const rates = new Map<string, number[]>(subjects.map(([name]) => [name, []]))
// The first run is the warm-up.
for (let run = 0; run <= RUNS; run++)
  for (const [name, decode] of subjects) {
    const before = cpuSeconds()
    const rows = decode()
    if (run > 0) rates.get(name)!.push(rows / (cpuSeconds() - before))
  }

report('decode points', {
  load: load(),
  rowsPerCpuSecond: Object.fromEntries(
    [...rates].map(([name, each]) => {
      const { p50, max } = quantiles(each)
      return [name, { p50: Math.round(p50), best: Math.round(max) }]
    }),
  ),
})
