// Good requests of Datadog's clients, for bench/fuzz.bench.ts to break.
import { readFileSync } from 'node:fs'
import { decodeDatadogJson } from '../packages/fnscope/src/codec/datadog-json.ts'
import { decodeDatadogLine } from '../packages/fnscope/src/codec/datadog-line.ts'
import type { DatadogContext } from '../packages/fnscope/src/codec/datadog-rows.ts'
import { decodeDatadogV04 } from '../packages/fnscope/src/codec/datadog-v04.ts'
import { decodeDatadogV05 } from '../packages/fnscope/src/codec/datadog-v05.ts'
import { decodeDatadogV07 } from '../packages/fnscope/src/codec/datadog-v07.ts'
import { decodeDatadogV1 } from '../packages/fnscope/src/codec/datadog-v1.ts'
import { decodeDogStatsd } from '../packages/fnscope/src/codec/dogstatsd.ts'
import { pack } from '../packages/fnscope/src/codec/msgpack-samples.ts'
import type { Taken } from '../packages/fnscope/src/codec/taken.ts'
import type { Batch } from '../packages/fnscope/src/span/batch.ts'
import type { SpanBatch } from '../packages/fnscope/src/span/span-batch.ts'

interface Codec {
  readonly seeds: readonly Uint8Array[]
  decode(body: Uint8Array, batch: Batch, input: number): void
}

const CONTEXT = {
  receivedNanos: 1_795_248_000_000_000_000n,
  bounds: { minNanos: 0n, maxNanos: 1n << 62n },
} as const

function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`../test/fixtures/datadog/${name}`, import.meta.url))
}

function lines(name: string): Uint8Array[] {
  return Buffer.from(fixture(name))
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => Buffer.from(line))
}

const SPAN = {
  service: 's',
  name: 'n',
  resource: 'r',
  type: 'web',
  trace_id: 1,
  span_id: 2,
  start: 5,
  duration: 3,
  meta: { '_dd.p.tid': '6b0153a300000000', events: '[{"name":"e","time_unix_nano":5,"attributes":{"a":[1,"b"]}}]' },
  meta_struct: { appsec: pack({ rule: [1, 'x'] }) },
  span_links: [{ trace_id: 3, trace_id_high: 4, span_id: 5, flags: 1, tracestate: 'a=b', attributes: { k: 'v' } }],
  span_events: [
    {
      name: 'e',
      time_unix_nano: 4,
      attributes: { a: { type: 4, array_value: { values: [{ type: 2, int_value: 1 }] } } },
    },
  ],
}

const NEWER = {
  language_name: 'go',
  tags: { a: 'b' },
  chunks: [{ priority: 1, tags: { c: 'd' }, spans: [SPAN, SPAN] }],
}

function map(members: readonly (readonly [number, unknown])[]): Map<number, unknown> {
  return new Map(members)
}

const ATTRIBUTES = ['k', 1, 'v', 1, 4, 5, 'list', 6, [1, 'a', 6, [4, 1]], 'map', 7, ['x', 2, true]]
const V1 = map([
  [3, 'go'],
  [
    11,
    [
      map([
        [1, 1],
        [
          4,
          [
            map([
              [1, 'shop'],
              [2, 1],
              [4, 7],
              [6, 5],
              [9, ATTRIBUTES],
              [
                11,
                [
                  map([
                    [1, new Uint8Array(16).fill(1)],
                    [2, 9],
                    [3, ATTRIBUTES],
                  ]),
                ],
              ],
              [
                12,
                [
                  map([
                    [1, 5],
                    [2, 'e'],
                    [3, ATTRIBUTES],
                  ]),
                ],
              ],
            ]),
          ],
        ],
        [6, new Uint8Array(16).fill(2)],
      ]),
    ],
  ],
])

function spans(
  decode: (body: Uint8Array, into: SpanBatch, context: DatadogContext) => Taken,
  seeds: readonly Uint8Array[],
): () => Codec {
  return () => ({ seeds, decode: (body, batch) => void decode(body, batch.spans, CONTEXT) })
}

export const DATADOG_CODECS: Readonly<Record<string, () => Codec>> = {
  'datadog-v04': spans(decodeDatadogV04, [
    fixture('py-error-v04.body'),
    fixture('js-ext-order-v04.body'),
    pack([[SPAN]]),
  ]),
  'datadog-v05': spans(decodeDatadogV05, [fixture('py2x-hello-v05.body'), fixture('py-ext-order-v05.body')]),
  'datadog-v07': spans(decodeDatadogV07, [pack(NEWER)]),
  'datadog-v1': spans(decodeDatadogV1, [pack(V1)]),
  'datadog-json': spans(decodeDatadogJson, [
    Buffer.from(JSON.stringify([[{ ...SPAN, meta_struct: { appsec: 'AQI=' } }]])),
  ]),
  'datadog-line': () => ({
    seeds: [...lines('js-log-exporter.stdout.txt'), ...lines('py-log-writer.stdout.txt')],
    decode: (body, batch) =>
      void decodeDatadogLine(Buffer.from(body).toString('utf8'), batch, {
        ...CONTEXT,
        functionName: 'f',
        requestId: undefined,
      }),
  }),
  dogstatsd: () => ({
    seeds: [
      fixture('dogstatsd-lambda.txt'),
      Buffer.from('_e{5,4}:title|text|t:error|#a:b\n_sc|name|2|m:x\na:1:2|ms|@0.1|T1795249076|c:x'),
    ],
    decode: (body, batch) => void decodeDogStatsd(body, batch, { ...CONTEXT, refuse: () => {} }),
  }),
}
