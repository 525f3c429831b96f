// Codecs of the fuzz whose answer says what is wrong instead of throwing MalformedError: X-Ray documents, EMF, log lines,
// CBOR. What they may throw is said here.
import { readFileSync } from 'node:fs'
import { CborError, decodeCbor, encodeCbor } from '../packages/fnscope/src/codec/cbor.ts'
import { decodeEmf } from '../packages/fnscope/src/codec/emf.ts'
import { parseLogLine } from '../packages/fnscope/src/codec/log-line.ts'
import { MalformedError } from '../packages/fnscope/src/codec/taken.ts'
import { decodeDocumentBytes } from '../packages/fnscope/src/codec/xray.ts'
import type { Batch } from '../packages/fnscope/src/span/batch.ts'

const CONTEXT = { receivedNanos: 1_795_248_000_000_000_000n, bounds: { minNanos: 0n, maxNanos: 1n << 62n } }

function lines(file: string): Buffer[] {
  const text = readFileSync(new URL(`../test/fixtures/${file}`, import.meta.url), 'utf8')
  return text.split('\n').filter(Boolean).map(Buffer.from)
}

const DOCUMENTS = ['node-sdk-segment', 'powertools-python', 'py-sdk-flask', 'py-sdk-lambda', 'py-sdk-streaming-segment']

const LOG_LINES = [
  '[ERROR] ValueError: bad\rTraceback (most recent call last):\r\u00a0\u00a0File "/var/task/app.py", line 4, in handler',
  '2026-11-21T08:04:25.705Z\t0d6c7f3e-1111-4222-8333-444455556666\tERROR\tInvoke Error \t{"errorType":"E","stack":["a"]}',
  '{"level":"INFO","message":"订单 é 🎉","xray_trace_id":"1-6b015057-c1089494f58eb1665000f71b","function_request_id":"0d6c"}',
  'REPORT RequestId: 0d6c\tDuration: 1137.02 ms\tBilled Duration: 1138 ms\tMemory Size: 256 MB\tMax Memory Used: 94 MB\t',
].map((text) => Buffer.from(text))

const METRIC_DATA = encodeCbor({
  Namespace: 'Shop',
  MetricData: [
    { MetricName: 'Orders', Value: 1.5, Counts: [1, 2], Values: [3, 4], Dimensions: [{ Name: 'a', Value: 'b' }] },
  ],
})

export const TEXT_CODECS = {
  'xray-documents': () => ({
    seeds: DOCUMENTS.flatMap((name) => lines(`xray/${name}.jsonl`)),
    decode: (body: Uint8Array, batch: Batch) => void decodeDocumentBytes(Buffer.from(body), batch, CONTEXT),
  }),
  emf: () => ({
    seeds: lines('emf/powertools-metrics.jsonl'),
    decode: (body: Uint8Array) =>
      void decodeEmf(Buffer.from(body).toString(), { service: 'f', receivedNanos: CONTEXT.receivedNanos }),
  }),
  'log-line': () => ({
    seeds: LOG_LINES,
    decode: (body: Uint8Array) => void parseLogLine(Buffer.from(body).toString()),
  }),
  cbor: () => ({
    seeds: [METRIC_DATA],
    decode: (body: Uint8Array) => {
      try {
        decodeCbor(body)
      } catch (error) {
        if (error instanceof CborError) throw new MalformedError(error.message)
        throw error
      }
    },
  }),
}
