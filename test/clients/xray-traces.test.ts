// BatchGetTraces as boto3 reads it: the documents of a known trace, and ids that are not there or none.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { epochSeconds, putDocuments, runXray, segmentAt, traceIdAt, visible, type Document } from './xray-client.ts'
import { shopTrace } from './xray-shop.ts'

const START = Math.floor(epochSeconds()) - 600
const shop = shopTrace(START)
let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
  await putDocuments(fnscope, shop.documents)
  await visible(fnscope, shop.documents)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

test('BatchGetTraces gives segments by start, nested, and an inferred one for each silent callee', async () => {
  const answer = await runXray<{
    readonly Traces: readonly {
      Id: string
      Duration: number
      LimitExceeded: boolean
      Segments: { Id: string; Document: string }[]
    }[]
  }>(fnscope, `answer(xray.batch_get_traces(TraceIds=[request]))`, shop.traceId)
  const [trace] = answer.Traces
  assert.deepEqual([trace!.Id, trace!.Duration, trace!.LimitExceeded], [shop.traceId, 6, false])
  const documents = trace!.Segments.map((one) => JSON.parse(one.Document) as Document)
  assert.deepEqual(
    trace!.Segments.map((one) => one.Id),
    documents.map((one) => one['id']),
  )
  const [worker, backend, web] = shop.documents
  const [table, call] = web!['subsegments'] as readonly Document[]
  const [, topic] = backend!['subsegments'] as readonly Document[]
  const inferred = (of: Document, origin: string): Document => {
    const { id, ...call } = of
    const seen = Object.fromEntries(Object.entries(call).filter(([key]) => key !== 'namespace'))
    const document = documents.find((one) => one['parent_id'] === id && one['inferred'] === true)
    return { ...seen, id: document?.['id'], trace_id: shop.traceId, parent_id: id, inferred: true, origin }
  }
  assert.deepEqual(documents, [
    web,
    inferred(table!, 'AWS::DynamoDB::Table'),
    backend,
    inferred(topic!, 'AWS::SNS'),
    worker,
  ])
  assert.equal(
    documents.some((one) => one['parent_id'] === call!['id'] && one['inferred'] === true),
    false,
  )
})

test('unknown ids are named, invalid ones refused, copies answered once, in the order asked', async () => {
  const [unknown, other] = [traceIdAt(START), segmentAt(START + 3)]
  await putDocuments(fnscope, [other])
  await visible(fnscope, [other])
  const answer = await runXray<{
    readonly good: { Traces: { Id: string }[]; UnprocessedTraceIds: string[] }
    readonly bad: ([string, string] | null)[]
  }>(
    fnscope,
    `
answer({'good': xray.batch_get_traces(TraceIds=request),
  'bad': [refused(xray.batch_get_traces, TraceIds=ids) for ids in ([], ['1-xyz'], [request[0], 'x' * 35])]})`,
    [other.trace_id, unknown, shop.traceId, other.trace_id],
  )
  assert.deepEqual(
    answer.good.Traces.map((one) => one.Id),
    [other.trace_id, shop.traceId],
  )
  assert.deepEqual(answer.good.UnprocessedTraceIds, [unknown])
  for (const refusal of answer.bad) assert.equal(refusal?.[0], 'InvalidRequestException')
  assert.match(answer.bad[1]![1], /"1-xyz" is not a trace id/)
})
