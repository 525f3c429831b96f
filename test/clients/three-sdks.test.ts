// One request through three programs with three SDKs, unmodified: X-Ray's calls OpenTelemetry's over HTTP, which hands a
// message to Datadog's with the context in the message's attributes. One trace, every parent right.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import type { ConsoleSpan, ConsoleTrace } from '../../packages/fnscope/src/api/console-types.ts'
import { eventually, ROOT, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { environmentOf } from './xray-client.ts'

/** Serves one request, and publishes a message: prints its port, then the message's attributes as SQS has them. */
const ORDERS = `
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
provider = TracerProvider(resource=Resource.create({'service.name': 'orders'}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer('orders')
class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args): pass
    def do_GET(self):
        context = AwsXRayPropagator().extract(dict(self.headers.items()))
        with tracer.start_as_current_span('GET /orders', context=context, kind=trace.SpanKind.SERVER):
            with tracer.start_as_current_span('orders send', kind=trace.SpanKind.PRODUCER):
                carrier = {}
                TraceContextTextMapPropagator().inject(carrier)
                attributes = {key: {'DataType': 'String', 'StringValue': value} for key, value in carrier.items()}
                print(json.dumps(attributes), flush=True)
            self.send_response(200)
            self.end_headers()
server = HTTPServer(('127.0.0.1', 0), Handler)
print(server.server_port, flush=True)
server.handle_request()
provider.shutdown()
`

const FRONT = `
import json, sys, requests
from aws_xray_sdk.core import patch, xray_recorder
xray_recorder.configure(service='front', sampling=False)
patch(['requests'])
segment = xray_recorder.begin_segment('front')
requests.get(f'http://127.0.0.1:{sys.argv[1]}/orders')
xray_recorder.end_segment()
print(json.dumps(segment.trace_id))
`

const BILLING = `
import json, sys
from ddtrace.propagation.http import HTTPPropagator
from ddtrace.trace import tracer
attributes = json.loads(sys.argv[1])
headers = {key: value['StringValue'] for key, value in attributes.items()}
tracer.context_provider.activate(HTTPPropagator.extract(headers))
with tracer.trace('orders process', service='billing', span_type='worker') as span:
    span.set_tag('span.kind', 'consumer')
    with tracer.trace('charge'): pass
tracer.shutdown()
`

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(() => fnscope[Symbol.asyncDispose]())

function python(code: string, args: readonly string[], env: NodeJS.ProcessEnv): ReturnType<typeof spawn> {
  const program = join(ROOT, '.fnscope/venvs/three/bin/python')
  return spawn(program, ['-W', 'ignore', '-c', code, ...args], {
    env: environmentOf(fnscope, env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function run(code: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const child = python(code, args, env)
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')])
  assert.equal(status, 0, stderr)
  return stdout.trim()
}

const all = (spans: readonly ConsoleSpan[]): ConsoleSpan[] => spans.flatMap((span) => [span, ...all(span.children)])

test('a request through X-Ray’s SDK, OpenTelemetry’s and Datadog’s is one trace with the right parents', async () => {
  const orders = python(ORDERS, [], {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${fnscope.doors['otlp-http']}`,
  })
  const ended = once(orders, 'close')
  const lines = createInterface({ input: orders.stdout! })[Symbol.asyncIterator]()
  const port = (await lines.next()).value as string
  const traceId = JSON.parse(
    await run(FRONT, [port], { AWS_XRAY_DAEMON_ADDRESS: fnscope.doors['xray-daemon']! }),
  ) as string
  const message = (await lines.next()).value as string
  await run(BILLING, [message], {
    DD_TRACE_AGENT_URL: `http://${fnscope.doors['datakit']}`,
    DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
    DD_REMOTE_CONFIGURATION_ENABLED: 'false',
  })
  await ended

  const trace = await eventually(async () => {
    const answer = await fetch(`${fnscope.url}/api/traces/${traceId}`)
    const found = answer.status === 200 ? ((await answer.json()) as ConsoleTrace) : undefined
    return found?.spanCount === 6 ? found : undefined
  }, 30_000)
  assert.equal(trace.roots.length, 1)
  const spans = all(trace.roots)
  const byId = new Map(spans.map((span) => [span.id, span]))
  assert.deepEqual(
    spans.map(({ name, source, service, parentId }) => [name, source, service, byId.get(parentId ?? '')?.name]),
    [
      ['front', 'xray', 'front', undefined],
      ['127.0.0.1', 'xray', 'front', 'front'],
      ['GET /orders', 'otlp', 'orders', '127.0.0.1'],
      ['orders send', 'otlp', 'orders', 'GET /orders'],
      ['orders process', 'datadog', 'billing', 'orders send'],
      ['charge', 'datadog', 'billing', 'orders process'],
    ],
  )
})
