// That documents, summaries and graph agree on which calls were answered: codec/ and query/ may not import each other.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assembleDocuments } from '../codec/xray-assemble.ts'
import { decodeDocument } from '../codec/xray.ts'
import { graphOfSpans } from '../query/service-graph.ts'
import { inferredCalls } from '../query/trace.ts'
import { indexTrace } from '../query/trace-index.ts'
import { newBatch } from '../span/batch.ts'
import { readSpans } from '../span/read-span.ts'

const BOUNDS = { minNanos: 0n, maxNanos: 1n << 62n }
const hex = (number: number): string => number.toString(16).padStart(16, '0')

/** Numbers from 0 to 1 that follow from the seed (a linear congruence: good enough to draw shapes). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31
}

/** Documents of one trace: segments and detached subsegments under anything earlier, some calls, some in progress. */
function documentsOf(traceId: string, random: () => number): object[] {
  return Array.from({ length: 2 + Math.floor(random() * 14) }, (_, i) => {
    const kind = random()
    const segment = i === 0 || kind < 0.25
    const call = kind < 0.6 ? { namespace: 'remote' } : kind < 0.7 ? { namespace: 'aws', aws: { table_name: 't' } } : {}
    return {
      trace_id: traceId,
      id: hex(i + 1),
      name: `n${i}`,
      start_time: 1000 + i,
      ...(random() < 0.1 ? { in_progress: true } : { end_time: 1001 + i }),
      ...(i === 0 ? {} : { parent_id: hex(1 + Math.floor(random() * i)) }),
      ...(segment ? {} : { type: 'subsegment', ...call }),
    }
  })
}

test('a call has an inferred segment exactly where it has an inferred node', () => {
  const traceId = '1-6b0150e9-aaaa00000000000000000001'
  let inferredOnes = 0
  for (let seed = 1; seed <= 300; seed++) {
    const batch = newBatch()
    for (const document of documentsOf(traceId, randomOf(seed))) {
      const result = decodeDocument(JSON.stringify(document), batch, { receivedNanos: 1n, bounds: BOUNDS })
      assert.equal(result.ok, true, JSON.stringify(result))
    }
    const spans = [...readSpans(batch.spans), ...readSpans(batch.openSpans, { open: true })]
    const index = indexTrace(spans)
    const calls = inferredCalls(index).map(({ span }) => span.spanId)
    const documents = assembleDocuments(index.traceId, batch.documents.read(), spans)
      .filter(({ document }) => document['inferred'] === true)
      .map(({ document }) => String(document['parent_id']))
    assert.deepEqual(documents.toSorted(), calls.toSorted(), `seed ${seed}`)
    const inferred = graphOfSpans(spans).nodes.filter((node) => node.inferred)
    const counted = inferred.reduce((sum, { statistics: s }) => sum + s!.ok + s!.error + s!.throttle + s!.fault, 0)
    assert.equal(counted, calls.length, `seed ${seed}`)
    inferredOnes += calls.length
  }
  assert.ok(inferredOnes > 100, 'the traces have calls that nobody answered')
})
