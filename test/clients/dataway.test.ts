// fnscope as DataWay, written to by programs that know nothing of it: influxdb-client's line protocol, and points packed
// by protobuf's own runtime from the published schema.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ConsoleLogLine } from '../../packages/fnscope/src/api/console-types.ts'
import { eventually, runClient, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { readTrace, type Document } from './xray-client.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

async function python(program: string): Promise<string> {
  const { code, stdout, stderr } = await runClient('python', ['-c', program, fnscope.url], process.env)
  assert.equal(code, 0, stderr)
  return stdout.trim()
}

const POST = `
import gzip, json, sys, time, urllib.request
def post(category, body, content_type):
    request = urllib.request.Request(sys.argv[1] + '/v1/write/' + category + '?token=tkn_x', gzip.compress(body), {
        'Content-Type': content_type, 'Content-Encoding': 'gzip', 'User-Agent': 'datakit-test', 'X-Pkg-Id': 'dk_x'})
    with urllib.request.urlopen(request) as answer:
        assert (answer.status, answer.read()) == (200, b''), answer.status
`

const LINES = `${POST}
from influxdb_client import Point, WritePrecision
now = time.time_ns()
points = [
    Point('wéather, "here" = x').tag('lo cation', 'a, b=c "d" ü').tag('zone', 'x').field('temp erature', 25.5)
        .field('count', 2**53 - 1).field('text', 'a "b" \\\\ c, d=e\\nf').field('ok', True).time(now, WritePrecision.NS),
    Point('second').tag('zone', 'y').field('v', -1).time(now // 1000, WritePrecision.US),
]
for point in points:
    post('metric', point.to_line_protocol().encode(), 'application/line-protocol')
`

interface MetricAnswer {
  readonly points: readonly { readonly name: string; readonly value: number; readonly dimensions: object }[]
}

async function metric(name: string): Promise<MetricAnswer['points'][number]> {
  return await eventually(async () => {
    const answer = await fetch(`${fnscope.url}/api/metrics?name=${encodeURIComponent(name)}`)
    assert.equal(answer.status, 200, await answer.clone().text())
    return ((await answer.json()) as MetricAnswer).points.find((point) => point.name === name)
  }, 30_000)
}

test("influxdb-client's points, names and tags of every character, are stored as it meant them", async () => {
  await python(LINES)
  const tags = { 'lo cation': 'a, b=c "d" ü', zone: 'x' }
  const measurement = 'wéather, "here" = x'
  const temperature = await metric(`${measurement}.temp erature`)
  assert.deepEqual([temperature.value, temperature.dimensions], [25.5, tags])
  assert.equal((await metric(`${measurement}.count`)).value, 2 ** 53 - 1)
  const second = await metric('second.v')
  assert.deepEqual([second.value, second.dimensions], [-1, { zone: 'y' }])
})

const PROTOBUF = `${POST}
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
file = descriptor_pb2.FileDescriptorProto(name='point.proto', package='com.guance', syntax='proto3')
field = file.message_type.add(name='Field')
field.oneof_decl.add(name='val')
T = descriptor_pb2.FieldDescriptorProto
for name, number, kind in [('i', 2, T.TYPE_INT64), ('u', 3, T.TYPE_UINT64), ('f', 4, T.TYPE_DOUBLE), ('b', 5, T.TYPE_BOOL),
                           ('d', 6, T.TYPE_BYTES), ('s', 11, T.TYPE_STRING)]:
    field.field.add(name=name, number=number, type=kind, label=1, oneof_index=0)
field.field.add(name='key', number=1, type=T.TYPE_STRING, label=1)
field.field.add(name='is_tag', number=8, type=T.TYPE_BOOL, label=1)
field.field.add(name='unit', number=10, type=T.TYPE_STRING, label=1)
point = file.message_type.add(name='PBPoint')
point.field.add(name='name', number=1, type=T.TYPE_STRING, label=1)
point.field.add(name='fields', number=2, type=T.TYPE_MESSAGE, label=3, type_name='.com.guance.Field')
point.field.add(name='time', number=3, type=T.TYPE_INT64, label=1)
points = file.message_type.add(name='PBPoints')
points.field.add(name='arr', number=1, type=T.TYPE_MESSAGE, label=3, type_name='.com.guance.PBPoint')
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
PBPoints = message_factory.GetMessageClass(pool.FindMessageTypeByName('com.guance.PBPoints'))
now = time.time_ns()
def add(batch, name, tags, fields):
    one = batch.arr.add(name=name, time=now)
    for key, value in tags.items():
        one.fields.add(key=key, s=value, is_tag=True)
    for key, (kind, value) in fields.items():
        one.fields.add(key=key, **{kind: value})
TYPE = 'application/protobuf; proto=com.guance.Point'
spans = PBPoints()
trace = '%08x%024x' % (now // 10**9, now % 10**9 + 1)
start = now // 1000
common = {'service': 'aws.lambda', 'source': 'ddtrace', 'aws_lambda_function_name': 'hello-py', 'env': 'prod'}
add(spans, 'ddtrace', {**common, 'operation': 'aws.lambda', 'span_type': 'entry', 'source_type': 'custom', 'status': 'ok'},
    {'trace_id': ('s', trace), 'span_id': ('s', '17085744093234785180'), 'parent_id': ('s', '0'), 'resource': ('s', 'hello-py'),
     'start': ('i', start), 'duration': ('i', 13750)})
add(spans, 'ddtrace', {**common, 'operation': 'db.query', 'span_type': 'exit', 'source_type': 'db', 'status': 'error'},
    {'trace_id': ('s', trace), 'span_id': ('s', '4587180627294199893'), 'parent_id': ('s', '17085744093234785180'),
     'resource': ('s', 'SELECT 1'), 'start': ('i', start + 1000), 'duration': ('i', 900)})
post('tracing', spans.SerializeToString(), TYPE)
logs = PBPoints()
add(logs, 'awslambda', {'aws_lambda_function_name': 'hello-py', 'aws_log_from': 'function'},
    {'message': ('s', 'a line of ' + trace), 'status': ('s', 'warning')})
post('logging', logs.SerializeToString(), TYPE)
objects = PBPoints()
add(objects, 'HOST', {'name': 'web-1'}, {'cpu': ('f', 0.5), 'bytes': ('d', b'\\x00\\xff')})
post('object', objects.SerializeToString(), TYPE)
print(trace)
`

test("protobuf's own runtime: a trace, a log line and an object are found again", async () => {
  const traceId = await python(PROTOBUF)
  const documents = await eventually(async () => {
    const trace = await readTrace(fnscope, `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`)
    return trace?.Segments.map((one) => JSON.parse(one.Document) as Document)
  }, 30_000)
  const text = JSON.stringify(documents)
  assert.match(text, /"name":"aws\.lambda"/)
  assert.match(text, /SELECT 1/)
  const lineOf = async (name: string, wanted: string): Promise<{ readonly kind: string; readonly logGroup: string }> =>
    await eventually(async () => {
      const answer = await fetch(`${fnscope.url}/api/logs?function=${name}`)
      const { lines } = (await answer.json()) as { readonly lines: readonly ConsoleLogLine[] }
      return lines.find(({ body }) => body.includes(wanted))
    }, 30_000)
  assert.partialDeepStrictEqual(await lineOf('hello-py', `a line of ${traceId}`), {
    kind: 'dataway',
    logGroup: 'datakit/logging/awslambda',
    severity: 'warning',
  })
  assert.partialDeepStrictEqual(await lineOf('HOST', '"cpu":0.5'), { logGroup: 'datakit/object/HOST' })
})

test('a DataKit is found on its own port, by applications that know no other', async () => {
  const kit = `http://${fnscope.doors['datakit']}`
  const ping = (await (await fetch(`${kit}/v1/ping`)).json()) as { readonly content: { readonly version: string } }
  assert.match(ping.content.version, /^\d+\.\d+/)
  const answer = await fetch(`${kit}/v1/write/metric?precision=s`, {
    method: 'POST',
    body: `kit,zone=k v=7i ${Math.floor(Date.now() / 1000)}`,
  })
  assert.deepEqual([answer.status, await answer.text()], [200, ''])
  assert.equal((await metric('kit.v')).value, 7)
  const bad = await fetch(`${kit}/v1/write/metric`, { method: 'POST', body: 'nonsense' })
  assert.equal(((await bad.json()) as { readonly error_code: string }).error_code, 'datakit.invalidLinePoint')
})

test('a token in the address opens the main port to a DataKit and to nobody else', async () => {
  await using guarded = await startFnscope({ args: ['--token', 'tkn_secret'] })
  const post = async (query: string): Promise<number> =>
    (await fetch(`${guarded.url}/v1/write/metric${query}`, { method: 'POST', body: 'm f=1' })).status
  assert.deepEqual([await post(''), await post('?token=no'), await post('?token=tkn_secret')], [403, 403, 200])
  assert.equal((await fetch(`${guarded.url}/api/apps?token=tkn_secret`)).status, 401)
})
