// Where a trace comes from and where it goes: the caller's header through the Invoke API and a REST API, the runtime's
// header, the segments of both styles, the XRAY line.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ConsoleSpan } from '../../packages/fnscope/src/api/console-types.ts'
import type { StartedFnscope } from '../started-fnscope.ts'
import {
  appFixture,
  call,
  headerOf,
  linesOf,
  spansOf,
  startWith,
  withBoto3,
  type AppFixture,
  type Called,
} from './called.ts'

// A subsegment as an SDK sends it, to the daemon's door, under the Parent that the runtime was given.
const APP = `
import json, os, secrets, socket, time

def handler(event, context):
    header = os.environ.get('_X_AMZN_TRACE_ID', '')
    parts = dict(p.split('=', 1) for p in header.split(';') if '=' in p)
    if parts.get('Sampled') == '1':
        host, port = os.environ['AWS_XRAY_DAEMON_ADDRESS'].rsplit(':', 1)
        now = time.time()
        document = {'name': 'own work', 'id': secrets.token_hex(8), 'trace_id': parts['Root'], 'parent_id': parts['Parent'],
                    'type': 'subsegment', 'start_time': now - 0.001, 'end_time': now}
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'{"format":"json","version":1}\\n' + json.dumps(document).encode(), (host, int(port)))
    body = json.dumps({'trace': header, 'incoming': ((event.get('headers') or {}).get('X-Amzn-Trace-Id'))})
    return {'statusCode': 200, 'body': body} if 'httpMethod' in event else json.loads(body)
`

let app: AppFixture
let fnscope: StartedFnscope

before(async () => {
  const route = (path: string): string => `Events: { Get: { Type: Api, Properties: { Path: ${path}, Method: get } } }`
  app = appFixture(
    { 'app.py': APP },
    {
      modern: ['Handler: app.handler', route('/modern')],
      classic: ['Handler: app.handler', 'Metadata: { fnscope: { SegmentStyle: old } }'],
      through: ['Handler: app.handler', 'Tracing: PassThrough'],
    },
  )
  app.append(
    'template.yaml',
    'Outputs: { Api: { Value: !Sub "https://${ServerlessRestApi}.execute-api.us-east-1.amazonaws.com/Prod/modern" } }\n',
  )
  fnscope = await startWith(app)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  app[Symbol.dispose]()
})

async function callWith(name: string, trace: string): Promise<Called> {
  return await withBoto3<Called>(fnscope, `done(call('${name}', trace='${trace}'))`)
}

interface Seen {
  readonly service: ConsoleSpan
  readonly own: ConsoleSpan
  /** Name → span, of everything below the function segment. */
  readonly below: ReadonlyMap<string, ConsoleSpan>
}

async function seen(answer: Called, spans: number): Promise<Seen> {
  const all = await spansOf(fnscope, headerOf(answer.trace).root, spans)
  const service = all.find(({ origin }) => origin === 'AWS::Lambda')!
  const own = all.find(({ origin }) => origin === 'AWS::Lambda::Function')!
  return {
    service,
    own,
    below: new Map(all.filter((span) => span !== service && span !== own).map((s) => [s.name, s])),
  }
}

const given = (answer: Called): ReturnType<typeof headerOf> =>
  headerOf((JSON.parse(answer.text) as { readonly trace: string }).trace)

const segmentIdOf = (answer: Called): string | undefined => /\tSegmentId: ([0-9a-f]{16})\t/.exec(answer.tail)?.[1]

test('new style: Init and Overhead; an SDK’s subsegment hangs directly under the function segment', async () => {
  const answer = await call(fnscope, 'modern')
  const { service, own, below } = await seen(answer, 5)
  assert.deepEqual([...below.keys()].sort(), ['Init', 'Overhead', 'own work'])
  assert.ok([...below.values()].every((span) => span.parentId === own.id))
  assert.equal(own.parentId, service.id)
  assert.equal(service.parentId, undefined)
  assert.equal(own.coldStart, true)
  assert.equal(given(answer).parent, own.id)
  assert.equal(segmentIdOf(answer), own.id)
  assert.equal(headerOf(answer.trace).parent, service.id)
})

test('old style, per function: Initialization, Invocation with the SDK’s subsegment in it, Overhead', async () => {
  const answer = await call(fnscope, 'classic')
  const { own, below } = await seen(answer, 6)
  assert.deepEqual([...below.keys()].sort(), ['Initialization', 'Invocation', 'Overhead', 'own work'])
  const invocation = below.get('Invocation')
  assert.equal(invocation?.parentId, own.id)
  assert.equal(below.get('own work')?.parentId, invocation?.id)
  assert.equal(given(answer).parent, invocation?.id)
  assert.equal(segmentIdOf(answer), own.id, 'the XRAY line names the function segment in either style')
})

test('FNSCOPE_SEGMENT_STYLE=old goes for every function', async () => {
  await using other = await startWith(app, { env: { FNSCOPE_SEGMENT_STYLE: 'old' } })
  const answer = await call(other, 'modern')
  const names = (await spansOf(other, headerOf(answer.trace).root, 6)).map(({ name }) => name)
  assert.ok(names.includes('Invocation') && names.includes('Initialization'), names.join())
})

test('a caller’s header is continued: its Root, and its Parent above the service segment', async () => {
  const root = '1-6b015057-c1089494f58eb1665000f71b'
  const answer = await callWith('modern', `Root=${root};Parent=53995c3f42cd8ad8;Sampled=1`)
  assert.equal(headerOf(answer.trace).root, root)
  assert.equal(given(answer).root, root)
  const { service } = await seen(answer, 4)
  assert.equal(service.parentId, '53995c3f42cd8ad8')
})

test('Sampled=0 is obeyed: the runtime is told, the XRAY line says false, no segment is kept', async () => {
  const root = '1-6b015057-000000000000000000000001'
  const answer = await callWith('modern', `Root=${root};Parent=53995c3f42cd8ad8;Sampled=0`)
  assert.equal(given(answer).sampled, '0')
  assert.match(answer.tail, new RegExp(`\\nXRAY TraceId: ${root}\\tSegmentId: [0-9a-f]{16}\\tSampled: false\\t\\n$`))
  const lines = await linesOf(fnscope, answer.requestId)
  assert.ok(
    lines.every(({ traceId }) => traceId === root),
    'its log lines keep the trace id',
  )
  // A later, recorded call of the same function is there: what was to come of the first one would be too.
  await seen(await call(fnscope, 'modern'), 4)
  assert.equal((await fetch(`${fnscope.url}/api/traces/${root}`)).status, 404)
})

test('through a REST API: the header comes back, is in the event, and reaches the runtime', async () => {
  const url = fnscope.apps[0]!.urls['Api']!
  const root = '1-6b015057-000000000000000000000002'
  const response = await fetch(url, { headers: { 'x-amzn-trace-id': `Root=${root};Sampled=1` } })
  const body = (await response.json()) as { readonly trace: string; readonly incoming: string }
  assert.equal(headerOf(response.headers.get('x-amzn-trace-id') ?? '').root, root)
  assert.equal(headerOf(body.incoming).root, root)
  assert.deepEqual({ ...headerOf(body.trace), parent: '' }, { root, parent: '', sampled: '1' })
  const spans = await spansOf(fnscope, root, 4)
  assert.equal(
    spans.some(({ origin }) => origin === 'AWS::ApiGateway::Stage'),
    false,
    'its stage is not traced',
  )

  const unsampled = await fetch(url, { headers: { 'x-amzn-trace-id': `Root=${root};Sampled=0` } })
  assert.equal(headerOf(((await unsampled.json()) as { readonly trace: string }).trace).sampled, '0')
})

test('a PassThrough function is recorded in development, and says so in its log', async () => {
  const answer = await call(fnscope, 'through')
  assert.equal(given(answer).sampled, '1')
  await seen(answer, 4)
  assert.match(answer.tail, /\tSampled: true\t\n$/)
})
