import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { newBatch, type Batch } from '../span/batch.ts'
import { decodeDogStatsd } from './dogstatsd.ts'

const SECOND = 1_000_000_000n
const NOW = 1_795_249_076n * SECOND

function decoded(datagram: string | Uint8Array): { readonly batch: Batch; readonly refused: readonly string[] } {
  const batch = newBatch()
  const refused: string[] = []
  const count = decodeDogStatsd(Buffer.from(datagram), batch, {
    receivedNanos: NOW,
    bounds: { minNanos: NOW - 1000n * SECOND, maxNanos: NOW + 1000n * SECOND },
    refuse: (reason) => refused.push(reason),
  })
  assert.equal(count, batch.metrics.length + batch.logs.length)
  return { batch, refused }
}

test('the captured datagrams are points with their tags, times and values', () => {
  const lines = readFileSync(new URL('../../../../test/fixtures/datadog/dogstatsd-lambda.txt', import.meta.url))
  const { batch, refused } = decoded(lines)
  assert.deepEqual(refused, [])
  assert.deepEqual(
    batch.metrics.map(({ name, value, service, timeNanos }) => [name, value, service, timeNanos]),
    [
      ['aws.lambda.enhanced.invocations', 1, 'hello-js', NOW],
      ['coffee_house.order_value', 12.45, '', NOW],
      ['coffee_house.order_value', 12.45, '', NOW],
    ],
  )
  assert.deepEqual(batch.metrics[2]!.dimensions, {
    product: 'latte',
    order: 'online',
    dd_lambda_layer: 'datadog-python311_8.130.0',
  })
})

test('each type has the kind and the weight that it means', () => {
  const { batch, refused } = decoded(
    ['a:2|c|@0.1', 'b:-3|g', 'b:+4|g', 'c:320|ms|@0.5', 'd:1:2.5:3|h', 'e:7|d', 'f:user:42|s'].join('\n'),
  )
  assert.deepEqual(refused, [])
  assert.deepEqual(
    batch.metrics.map(({ name, kind, value, count, min, unit, temporality }) => [
      name,
      kind,
      value,
      count,
      min,
      unit,
      temporality,
    ]),
    [
      ['a', 'sum', 20, 1, 2, '', 1],
      ['b', 'gauge', -3, 1, -3, '', 0],
      ['b', 'gauge', 4, 1, 4, '', 0],
      ['c', 'statistics', 640, 2, 320, 'ms', 0],
      ['d', 'statistics', 1, 1, 1, '', 0],
      ['d', 'statistics', 2.5, 1, 2.5, '', 0],
      ['d', 'statistics', 3, 1, 3, '', 0],
      ['e', 'statistics', 7, 1, 7, '', 0],
      ['f', 'gauge', 1, 1, 1, '', 0],
    ],
  )
  assert.deepEqual(batch.metrics.at(-1)!.attributes, { 'statsd.type': 's', 'statsd.value': 'user:42' })
})

test('sections come in any order, and unknown ones are passed over', () => {
  const { batch } = decoded('m:1|c|T1795249000|#a,b:c:d,b:e,|zzz|c:ci-7|e:it-false|card:low|@0.5\r\n')
  const point = batch.metrics[0]!
  assert.equal(point.timeNanos, 1_795_249_000n * SECOND)
  assert.equal(point.value, 2)
  assert.deepEqual(point.dimensions, { a: '', b: 'c:d,e' })
  assert.deepEqual(point.attributes, {
    'statsd.type': 'c',
    'container.id': 'ci-7',
    'statsd.external_data': 'it-false',
    'statsd.cardinality': 'low',
  })
})

test('a bad line is refused alone', () => {
  const bad = [
    'x',
    'x:|c',
    ':1|c',
    'x:1',
    'x:1|q',
    'x:1|toString',
    'x:one|g',
    'x:1:|h',
    'x:NaN|g',
    'x:1e999|g',
    'x:0x10|g',
    'x:1|c|@0',
    'x:1|c|@2',
    'x:|s',
    '_e{5,2}:abc|de',
    '_e{0,0}:|',
    '_e{a,b}:x|y',
    '_sc|x',
    '_sc|x|4',
    '_sc||0',
    '\uFFFD\u0000',
  ]
  const { batch, refused } = decoded(['good:1|c', ...bad, 'good:2|c'].join('\n'))
  assert.deepEqual(
    batch.metrics.map(({ value }) => value),
    [1, 2],
  )
  assert.equal(refused.length, bad.length)
  assert.deepEqual(decoded('x:1|c|T1\nx:1|c|T9999999999').refused, ['too_old', 'too_new'])
  assert.deepEqual(decoded(Uint8Array.from([0xff, 0xfe, 0x00])).refused, ['parse_error'])
})

test('an event is a log record of its severity', () => {
  const title = 'Déploiement'
  const { batch } = decoded(
    `_e{${Buffer.byteLength(title)},10}:${title}|went\\nwell|d:1795249000|h:web-1|k:deploy|p:low|s:ci|t:error|#service:shop,team:a`,
  )
  const [record] = batch.logs
  assert.equal(record!.body, 'Déploiement\nwent\nwell')
  assert.deepEqual([record!.severity, record!.service, record!.kind], ['ERROR', 'shop', 'statsd'])
  assert.equal(record!.timeNanos, 1_795_249_000n * SECOND)
  assert.deepEqual(record!.attributes, {
    service: 'shop',
    team: 'a',
    'statsd.kind': 'event',
    'host.name': 'web-1',
    'event.aggregation_key': 'deploy',
    'event.priority': 'low',
    'event.source': 'ci',
    'event.alert_type': 'error',
  })
})

test('a service check is a log record, its message with the bars that it has', () => {
  const { batch } = decoded('_sc|redis.up|2|h:db|#role:cache|m:timed out | twice')
  assert.equal(batch.logs[0]!.body, 'redis.up is critical: timed out | twice')
  assert.equal(batch.logs[0]!.severity, 'ERROR')
  assert.deepEqual(batch.logs[0]!.attributes, {
    role: 'cache',
    'statsd.kind': 'service_check',
    'host.name': 'db',
    'check.message': 'timed out | twice',
    'check.name': 'redis.up',
    'check.status': 'critical',
  })
})
