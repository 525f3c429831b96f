// One trace through four functions run here: Datadog's headers from the first to the second, B3 from there to the third,
// Jaeger's uber-trace-id to the fourth, by the SDKs themselves.
import assert from 'node:assert/strict'
import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ConsoleSpan, ConsoleTrace } from '../../packages/fnscope/src/api/console-types.ts'
import { eventually, ROOT, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'

const CALL = `
import json, os, urllib.request
def call(name, headers):
    url = os.environ['AWS_ENDPOINT_URL'] + '/2015-03-31/functions/' + name + '/invocations'
    data = json.dumps({'headers': {key.lower(): value for key, value in headers.items()}}).encode()
    return json.loads(urllib.request.urlopen(urllib.request.Request(url, data, {'Authorization': 'local'})).read())
`

const DATADOG = `
from ddtrace.propagation.http import HTTPPropagator
from ddtrace.trace import tracer
from call import call
def run(name, headers, following):
    if headers:
        tracer.context_provider.activate(HTTPPropagator.extract(headers))
    with tracer.trace(name, service=name) as span:
        carrier = {}
        HTTPPropagator.inject(span.context, carrier)
        answer = call(following, carrier)
    tracer.flush()
    return {name: carrier, **answer}
def first(event, context):
    return run('first', None, 'Second')
def second(event, context):
    return run('second', event['headers'], 'Third')
`

const JAEGER = `
import os, time
from jaeger_client import Config
from jaeger_client.constants import TRACE_ID_HEADER
from opentracing.propagation import Format
from call import call
def run(name, propagation, headers, following=None):
    host, port = os.environ['AGENT'].split(':')
    settings = {'sampler': {'type': 'const', 'param': 1}, 'local_agent': {'reporting_host': host, 'reporting_port': int(port)},
                'generate_128bit_trace_id': True, 'propagation': propagation}
    tracer = Config(config=settings, service_name=name, validate=True).new_tracer()
    span = tracer.start_span(name, child_of=tracer.extract(Format.HTTP_HEADERS, headers))
    answer = {}
    if following:
        carrier = {TRACE_ID_HEADER: format(span.trace_id, 'x') + ':' + format(span.span_id, 'x') + ':0:1'}
        answer = {name: carrier, **call(following, carrier)}
    span.finish()
    closing = tracer.close()
    while not closing.done():
        time.sleep(0.02)
    return answer
def third(event, context):
    return run('third', 'b3', event['headers'], 'Fourth')
def fourth(event, context):
    return run('fourth', 'jaeger', event['headers'])
`

const dir = temporaryDir('propagation')
let fnscope: StartedFnscope

// Where they really lie: a namespace has a /tmp of its own, and a checkout there may have them by a link.
const packagesOf = (venv: string): string =>
  realpathSync(join(ROOT, '.fnscope/venvs', venv, 'lib/python3.11/site-packages'))

function templateOf(agent: string, datadog: string): string {
  const functions = [
    ['First', 'datadog.first', { DD_TRACE_PROPAGATION_STYLE_INJECT: 'datadog' }],
    [
      'Second',
      'datadog.second',
      { DD_TRACE_PROPAGATION_STYLE_EXTRACT: 'datadog', DD_TRACE_PROPAGATION_STYLE_INJECT: 'b3multi' },
    ],
    ['Third', 'jaeger.third', {}],
    ['Fourth', 'jaeger.fourth', {}],
  ] as const
  const resources = functions.map(([id, handler, more]) => {
    const jaeger = handler.startsWith('jaeger')
    const variables = jaeger
      ? { PYTHONPATH: packagesOf('jaeger'), AGENT: agent }
      : {
          PYTHONPATH: packagesOf('three'),
          DD_TRACE_AGENT_URL: `http://${datadog}`,
          DD_REMOTE_CONFIGURATION_ENABLED: 'false',
          DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
          ...more,
        }
    const properties = {
      Runtime: 'python3.11',
      Handler: handler,
      CodeUri: '.',
      Timeout: 60,
      MemorySize: 512,
      Environment: { Variables: variables },
    }
    return [id, { Type: 'AWS::Serverless::Function', Properties: properties }]
  })
  return JSON.stringify({ Transform: 'AWS::Serverless-2016-10-31', Resources: Object.fromEntries(resources) })
}

before(async () => {
  fnscope = await startFnscope()
  const agent = fnscope.doors['jaeger-compact']!
  const datadog = String([fnscope.doors['datadog']].flat()[0])
  const files = {
    'call.py': CALL,
    'datadog.py': DATADOG,
    'jaeger.py': JAEGER,
    'template.json': templateOf(agent, datadog),
  }
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true })
    writeFileSync(join(dir, file), text)
  }
  const deployed = await fetch(`${fnscope.url}/api/apps`, {
    method: 'POST',
    headers: { authorization: 'local', 'content-type': 'application/json' },
    body: JSON.stringify({ dir }),
  })
  assert.equal(deployed.status, 200, await deployed.text())
})

after(async () => {
  await fnscope?.[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true, force: true })
})

const all = (spans: readonly ConsoleSpan[]): ConsoleSpan[] => spans.flatMap((span) => [span, ...all(span.children)])

test('headers of Datadog, B3 and Jaeger carry one trace from function to function', async () => {
  const response = await fetch(`${fnscope.url}/2015-03-31/functions/First/invocations`, {
    method: 'POST',
    headers: { authorization: 'local' },
    body: '{}',
  })
  const text = await response.text()
  assert.equal(response.headers.get('x-amz-function-error'), null, text)
  const said = JSON.parse(text) as Readonly<Record<string, Readonly<Record<string, string>>>>
  assert.ok(said['first']!['x-datadog-trace-id'])
  const traceId = said['second']!['x-b3-traceid']!
  assert.equal(traceId.length, 32)
  assert.ok(said['third']!['uber-trace-id']!.startsWith(traceId.replace(/^0+/, '')))
  const own = ['first', 'second', 'third', 'fourth']
  const spans = await eventually(async () => {
    const answer = await fetch(`${fnscope.url}/api/traces/${traceId}`)
    if (answer.status !== 200) return undefined
    const found = all(((await answer.json()) as ConsoleTrace).roots)
    return own.every((name) => found.some((span) => span.name === name)) ? found : undefined
  }, 30_000)
  const byId = new Map(spans.map((span) => [span.id, span]))
  const parents = own.map((name) => {
    const span = spans.find((each) => each.name === name)!
    return [name, span.source, byId.get(span.parentId ?? '')?.name]
  })
  assert.deepEqual(parents, [
    ['first', 'datadog', parents[0]![2]],
    ['second', 'datadog', 'first'],
    ['third', 'jaeger', 'second'],
    ['fourth', 'jaeger', 'third'],
  ])
})
