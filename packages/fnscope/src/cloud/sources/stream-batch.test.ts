import assert from 'node:assert/strict'
import test from 'node:test'
import type { EventSourceSpec } from '../../functions/trigger-spec.ts'
import { silentLogger } from '../../log.ts'
import { CloudClient } from '../cloud-client.ts'
import { batchOf, MAX_BATCH_BYTES } from './batch-size.ts'
import { deliverBatch } from './stream-batch.ts'
import type { StreamRecord } from './stream.ts'

const SPEC: EventSourceSpec = {
  uuid: 'u',
  stack: 's',
  functionName: 'f',
  source: 'kinesis',
  arn: 'arn:aws:kinesis:us-east-1:000000000000:stream/x',
  enabled: true,
  batchSize: 10,
  windowSeconds: 0,
  partialFailures: false,
  filters: [],
  startingPosition: 'LATEST',
}

function record(n: number, timeMs = Date.now()): StreamRecord {
  return { sequenceNumber: String(n), timeMs, key: 'k', event: { n } }
}

/** The batches that the function was called with, and what the person at the terminal was told. */
async function delivered(
  spec: Partial<EventSourceSpec>,
  records: readonly StreamRecord[],
  answer: (batch: readonly number[], call: number) => string | undefined,
): Promise<{ readonly calls: number[][]; readonly said: string[]; readonly done: boolean }> {
  const calls: number[][] = []
  const said: string[] = []
  const context = {
    client: new CloudClient({ endpoint: () => Promise.reject(new Error('off')), region: 'us-east-1' }),
    region: 'us-east-1',
    accountId: '000000000000',
    log: silentLogger,
    notify: (line: string) => void said.push(line),
    invoke: async ({ event }: { readonly event: unknown }) => {
      const batch = (event as { readonly Records: readonly { readonly n: number }[] }).Records.map(({ n }) => n)
      calls.push(batch)
      const functionError = answer(batch, calls.length)
      if (functionError === 'throttled') throw new Error('Rate exceeded')
      return { payload: Buffer.from('null'), functionError }
    },
  }
  const shard = { spec: { ...SPEC, ...spec }, context, shardId: 'shardId-0' }
  const done = await deliverBatch(shard, records, new AbortController().signal)
  return { calls, said, done }
}

test('records that are too old are given up without a call, the others of their batch are not', async () => {
  const old = record(1, Date.now() - 3_600_000)
  const { calls, said, done } = await delivered({ maximumRecordAgeSeconds: 60 }, [old, record(2)], () => undefined)
  assert.deepEqual(calls, [[2]])
  assert.match(said.join(), /1 record .*RecordAgeExceeded/)
  assert.equal(done, true)
})

test('a throttle uses up no attempt, a failure does', async () => {
  const { calls, said } = await delivered({ maximumRetryAttempts: 0 }, [record(1)], (_, call) =>
    call === 1 ? 'throttled' : 'Unhandled',
  )
  assert.equal(calls.length, 2)
  assert.match(said.join(), /after 1 attempts \(RetryAttemptsExhausted\)/)
})

test('splitting uses up no attempt: the half that is well is done though no attempt is left', async () => {
  const { calls, said } = await delivered(
    { maximumRetryAttempts: 0, bisectOnError: true },
    [1, 2, 3, 4].map((n) => record(n)),
    (batch) => (batch.includes(3) ? 'Unhandled' : undefined),
  )
  assert.deepEqual(calls, [[1, 2, 3, 4], [1, 2], [3, 4], [3], [4]])
  assert.equal(said.length, 1)
})

test('a batch holds no more than an event may', () => {
  const item = (bytes: number): { readonly bytes: number } => ({ bytes })
  assert.equal(batchOf([1, 2, 3].map(item), 2).length, 2)
  assert.equal(batchOf([MAX_BATCH_BYTES, 1].map(item), 10).length, 1)
  assert.equal(batchOf([MAX_BATCH_BYTES + 1, 1].map(item), 10).length, 1)
  assert.equal(batchOf([1, 1].map(item), 10).length, 2)
})
