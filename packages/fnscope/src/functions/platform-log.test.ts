import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemLines, type SystemLogInput } from './platform-log.ts'
import type { FunctionSpec } from './function-spec.ts'
import type { InvocationRecord } from './invocation-record.ts'

const ID = '630c0f4f-3696-4992-a2a6-885d47b30fb9'
const T = 1_795_248_215_790_000_000n
const ms = (count: number): bigint => BigInt(Math.round(count * 1000)) * 1000n

const RECORD: InvocationRecord = {
  requestId: ID,
  inits: [],
  startNanos: T,
  responseNanos: T + ms(1000),
  endNanos: T + ms(1028.49),
  status: 'success',
  errorType: undefined,
  reason: undefined,
  cause: undefined,
  payload: new Uint8Array(0),
  functionError: undefined,
  maxMemoryMb: 93,
  lines: [],
  droppedLines: 0,
  logStream: 's',
}
const COLD = { phase: 'init', startNanos: T - ms(616), endNanos: T - ms(0.38), status: 'success' } as const
const XRAY = {
  traceId: '1-6630daf6-1940e1dd7e71eabb2cf6e15d',
  segmentId: '602bd33a7480db5a',
  sampled: true,
  header: 'h',
}

function text(record: Partial<InvocationRecord>, more: Partial<SystemLogInput> = {}): string {
  const spec = { memoryMb: 256, timeoutSeconds: 3, logFormat: 'Text', name: 'f' } as FunctionSpec
  const input = {
    spec,
    record: { ...RECORD, ...record },
    runtimeVersion: 'python:3.11.7',
    region: 'r',
    billing: 'sum',
    ...more,
  } as const
  return Object.values(systemLines(input))
    .flat()
    .map((line) => line.text)
    .join('')
}

test('REPORT and XRAY are one event, byte for byte', () => {
  assert.ok(
    text({ inits: [COLD] }, { xray: XRAY, billing: 'duration' }).endsWith(
      `START RequestId: ${ID} Version: $LATEST\nEND RequestId: ${ID}\nREPORT RequestId: ${ID}\tDuration: 1028.49 ms\tBilled Duration: 1029 ms\tMemory Size: 256 MB\tMax Memory Used: 93 MB\tInit Duration: 615.62 ms\t\nXRAY TraceId: 1-6630daf6-1940e1dd7e71eabb2cf6e15d\tSegmentId: 602bd33a7480db5a\tSampled: true\t\n`,
    ),
  )
})

test('the init of a first invocation is billed: summed first, rounded once', () => {
  assert.ok(text({ inits: [COLD] }).includes('\tBilled Duration: 1645 ms\t'))
  assert.ok(text({}).includes('\tBilled Duration: 1029 ms\t'))
  assert.ok(text({ endNanos: T }).includes('\tBilled Duration: 1 ms\t'))
})

test('a timeout says when and after how long, then END and its status', () => {
  const lines = text({ status: 'timeout', responseNanos: undefined, endNanos: T + ms(3000) })
  assert.ok(
    lines.endsWith(
      `${new Date(Number((T + ms(3000)) / 1_000_000n)).toISOString()} ${ID} Task timed out after 3.00 seconds\n\nEND RequestId: ${ID}\nREPORT RequestId: ${ID}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 256 MB\tMax Memory Used: 93 MB\tStatus: timeout\t\n`,
    ),
  )
})

test('an init that passed its ten seconds is reported before the init inside the invocation', () => {
  const first = { phase: 'init', startNanos: T - ms(10_000), endNanos: T, status: 'timeout' } as const
  const second = { phase: 'invoke', startNanos: T, endNanos: T + ms(500), status: 'success' } as const
  const lines = text({ inits: [first, second] }).split('\n')
  assert.match(
    lines[0]!,
    /^INIT_START Runtime Version: python:3\.11\.7\tRuntime Version ARN: arn:aws:lambda:r::runtime:[0-9a-f]{64}$/,
  )
  assert.equal(lines[1], 'INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout')
  assert.equal(lines[2], 'INIT_REPORT Init Duration: 500.00 ms\tPhase: invoke\tStatus: success')
  assert.equal(lines[3], `START RequestId: ${ID} Version: $LATEST`)
  assert.ok(!lines.join('\n').includes('\tInit Duration'))
})
