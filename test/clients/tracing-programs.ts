// Programs that send one trace each with the unmodified clients of Jaeger and Zipkin, for Python and Node.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ROOT } from '../started-fnscope.ts'

/** Ids of what a program sent, hex without padding where the client has none. */
export interface SentTrace {
  readonly traceId: string
  readonly parentId: string
  readonly childId: string
}

async function runProgram(command: string, args: readonly string[]): Promise<unknown> {
  // The exporter of 1.12 brings generated code of an old protobuf.
  const env = { ...process.env, PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION: 'python', PYTHONWARNINGS: 'ignore' }
  const child = spawn(command, args, { cwd: ROOT, env })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  if (code !== 0 || stdout === '') throw new Error(`${command} ended with ${code}:\n${stdout}\n${stderr}`)
  return JSON.parse(stdout.trim().split('\n').at(-1)!)
}

/** @param venv of .fnscope/venvs */
async function runPythonOf<Answer>(venv: string, code: string, ...args: readonly string[]): Promise<Answer> {
  return (await runProgram(join(ROOT, '.fnscope/venvs', venv, 'bin/python'), ['-c', code, ...args])) as Answer
}

async function runNode<Answer>(code: string, ...args: readonly string[]): Promise<Answer> {
  return (await runProgram(process.execPath, ['--input-type=module', '-e', code, ...args])) as Answer
}

/** The handler of the seed, its lines as its documentation has them, and a context as Function Compute gives it. */
const FC_HANDLER = `
import sys, time, json, types
from opentelemetry import trace
from opentelemetry.exporter.jaeger.thrift import JaegerExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import NonRecordingSpan

trace.set_tracer_provider(
    TracerProvider(
        resource=Resource.create({SERVICE_NAME: "my-helloworld-service"})
    )
)
tracer = trace.get_tracer(__name__)
def handler(event, context):
    init_tracer(context.tracing.jaeger_endpoint)
    span_context = get_fc_span(context.tracing.span_context)
    start_my_span(trace.set_span_in_context(NonRecordingSpan(span_context)))
    return 'hello world'
def init_tracer(endpoint):
    jaeger_exporter = JaegerExporter(
        collector_endpoint=endpoint
    )

    span_processor = SimpleSpanProcessor(jaeger_exporter)

    trace.get_tracer_provider().add_span_processor(span_processor)
def get_fc_span(jaeger_span_context):
    jaeger_span_context_arr = jaeger_span_context.split(":")
    tid = int(jaeger_span_context_arr[0], 16)
    sid = int(jaeger_span_context_arr[1], 16)

    span_context = trace.SpanContext(
        trace_id=tid,
        span_id=sid,
        is_remote=True,
        trace_flags=trace.TraceFlags(0x01),
    )
    return span_context
def start_my_span(context):
    with tracer.start_as_current_span(name="fc-operation", context=context):
        time.sleep(0.15)
        with tracer.start_as_current_span("child"):
            time.sleep(0.1)

endpoint, span_context = sys.argv[1:]
context = types.SimpleNamespace(tracing=types.SimpleNamespace(jaeger_endpoint=endpoint, span_context=span_context))
answers = [handler(b'{}', context), handler(b'{}', context)]
print(json.dumps(answers))
`

/** Invokes the handler twice, as a warm environment does. */
export async function invokeFcHandler(endpoint: string, spanContext: string): Promise<readonly string[]> {
  return await runPythonOf('jaeger112', FC_HANDLER, endpoint, spanContext)
}

const EXPORTER_112 = `
import sys, json
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
way, host, port = sys.argv[1:]
if way == 'udp':
    from opentelemetry.exporter.jaeger.thrift import JaegerExporter
    exporter = JaegerExporter(agent_host_name=host, agent_port=int(port))
else:
    from opentelemetry.exporter.jaeger.proto.grpc import JaegerExporter
    exporter = JaegerExporter(collector_endpoint=host + ':' + port, insecure=True)
provider = TracerProvider(resource=Resource.create({SERVICE_NAME: 'exporter-' + way, 'service.version': '7'}))
provider.add_span_processor(SimpleSpanProcessor(exporter))
tracer = provider.get_tracer('lib', '1.0')
with tracer.start_as_current_span('parent', kind=SpanKind.SERVER) as parent:
    with tracer.start_as_current_span('child', kind=SpanKind.CLIENT, links=[Link(parent.get_span_context())]) as child:
        child.set_attributes({'customer': 'ada', 'items': 3, 'total': 1.5, 'paid': True})
        child.add_event('retry', {'attempt': 2})
        child.set_status(Status(StatusCode.ERROR, 'throttled'))
provider.shutdown()
ids = lambda span: format(span.get_span_context().span_id, '016x')
print(json.dumps({'traceId': format(parent.get_span_context().trace_id, '032x'), 'parentId': ids(parent), 'childId': ids(child)}))
`

/** @param door `host:port` */
export async function sendFromExporter112(way: 'udp' | 'grpc', door: string): Promise<SentTrace> {
  return await runPythonOf('jaeger112', EXPORTER_112, way, ...split(door))
}

const JAEGER_PYTHON = `
import sys, time, json, opentracing
from jaeger_client import Config
host, port, sampling_port, remote = sys.argv[1:]
agent = {'reporting_host': host, 'reporting_port': int(port), 'sampling_port': int(sampling_port)}
settings = {'local_agent': agent, 'generate_128bit_trace_id': True, 'sampling_refresh_interval': 1}
if remote == 'no':
    settings['sampler'] = {'type': 'const', 'param': 1}
tracer = Config(config=settings, service_name='jaeger-python', validate=True).initialize_tracer()
deadline = time.time() + 30
# Until it has been told, it samples one of a thousand.
while remote == 'yes' and not getattr(tracer.sampler.sampler, 'rate', 0) == 1 and time.time() < deadline:
    time.sleep(0.05)
parent = tracer.start_span('parent', tags={'span.kind': 'server'})
child = tracer.start_span('child', child_of=parent, tags={'customer': 'ada', 'items': 3, 'total': 1.5, 'paid': True, 'span.kind': 'client'})
child.log_kv({'event': 'retry', 'attempt': 2})
try:
    with child:
        raise ValueError('throttled')
except ValueError:
    pass
parent.finish()
hexed = lambda value: format(value, 'x')
print(json.dumps({'traceId': hexed(parent.trace_id), 'parentId': hexed(parent.span_id), 'childId': hexed(child.span_id)}))
sys.stdout.flush()
closing = tracer.close()
while not closing.done():
    time.sleep(0.05)
`

/** @param remote whether it asks what to sample, at `sampling` */
export async function sendFromJaegerPython(udp: string, sampling: string, remote: boolean): Promise<SentTrace> {
  const [host, port] = split(udp)
  return await runPythonOf('jaeger', JAEGER_PYTHON, host, port, split(sampling)[1], remote ? 'yes' : 'no')
}

const JAEGER_NODE = `
import { createRequire } from 'node:module'
const { initTracer } = createRequire(process.cwd() + '/')('jaeger-client')
const [way, host, port, samplingPort] = process.argv.slice(1)
const reporter = way === 'udp'
  ? { agentHost: host, agentPort: Number(port), flushIntervalMs: 100 }
  : { collectorEndpoint: 'http://' + host + ':' + port + '/api/traces', flushIntervalMs: 100 }
const sampler = samplingPort === 'no'
  ? { type: 'const', param: 1 }
  : { type: 'remote', param: 0, host, port: Number(samplingPort), refreshIntervalMs: 200 }
const tracer = initTracer({ serviceName: 'jaeger-node', sampler, reporter }, {})
// Until it has been told, it samples none.
if (samplingPort !== 'no')
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    if (tracer.startSpan('probe').context().isSampled()) break
  }
const parent = tracer.startSpan('parent', { tags: { 'span.kind': 'server' } })
const child = tracer.startSpan('child', { childOf: parent, tags: { 'span.kind': 'client', customer: 'ada', items: 3, total: 1.5, paid: true } })
child.log({ event: 'retry', attempt: 2 })
child.setTag('error', true)
child.finish()
parent.finish()
await new Promise((resolve) => tracer.close(resolve))
const context = parent.context()
console.log(JSON.stringify({ traceId: context.traceIdStr, parentId: context.spanIdStr, childId: child.context().spanIdStr }))
process.exit(0)
`

/** @param sampling where it asks what to sample; absent: it samples all */
export async function sendFromJaegerNode(way: 'udp' | 'http', door: string, sampling?: string): Promise<SentTrace> {
  return await runNode(JAEGER_NODE, way, ...split(door), sampling === undefined ? 'no' : split(sampling)[1])
}

const ZIPKIN_PYTHON = `
import sys, json
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
way, url = sys.argv[1:]
if way == 'json':
    from opentelemetry.exporter.zipkin.json import ZipkinExporter
else:
    from opentelemetry.exporter.zipkin.proto.http import ZipkinExporter
provider = TracerProvider(resource=Resource.create({'service.name': 'zipkin-' + way}))
provider.add_span_processor(SimpleSpanProcessor(ZipkinExporter(endpoint=url)))
tracer = provider.get_tracer('lib', '1.0')
with tracer.start_as_current_span('parent', kind=SpanKind.SERVER) as parent:
    with tracer.start_as_current_span('child', kind=SpanKind.CLIENT) as child:
        child.set_attributes({'customer': 'ada', 'items': 3, 'total': 1.5, 'paid': True})
        child.add_event('retry', {'attempt': 2})
        child.set_status(Status(StatusCode.ERROR, 'throttled'))
provider.shutdown()
ids = lambda span: format(span.get_span_context().span_id, '016x')
print(json.dumps({'traceId': format(parent.get_span_context().trace_id, '032x'), 'parentId': ids(parent), 'childId': ids(child)}))
`

/** @param door `host:port` */
export async function sendFromZipkinPython(way: 'json' | 'proto', door: string): Promise<SentTrace> {
  return await runPythonOf('jaeger', ZIPKIN_PYTHON, way, `http://${door}/api/v2/spans`)
}

const ZIPKIN_NODE = `
import { createRequire } from 'node:module'
const require = createRequire(process.cwd() + '/')
const { ZipkinExporter } = require('@opentelemetry/exporter-zipkin')
const { BasicTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-node')
const { resourceFromAttributes } = require('@opentelemetry/resources')
const { context, trace } = require('@opentelemetry/api')
const exporter = new ZipkinExporter({ url: process.argv[1] })
const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'zipkin-node' }),
  spanProcessors: [new SimpleSpanProcessor(exporter)],
})
const tracer = provider.getTracer('lib', '1.0')
const parent = tracer.startSpan('parent', { kind: 1 })
const child = tracer.startSpan('child', { kind: 2 }, trace.setSpan(context.active(), parent))
child.setAttributes({ customer: 'ada', items: 3, total: 1.5, paid: true })
child.addEvent('retry', { attempt: 2 })
child.setStatus({ code: 2, message: 'throttled' }).end()
parent.end()
await provider.forceFlush()
await provider.shutdown()
console.log(JSON.stringify({ traceId: parent.spanContext().traceId, parentId: parent.spanContext().spanId, childId: child.spanContext().spanId }))
`

/** @param door `host:port` */
export async function sendFromZipkinNode(door: string): Promise<SentTrace> {
  return await runNode(ZIPKIN_NODE, `http://${door}/api/v2/spans`)
}

const PY_ZIPKIN = `
import sys, json, urllib.request
from py_zipkin import Encoding, Kind
from py_zipkin.zipkin import zipkin_client_span, zipkin_server_span
encoding, host = sys.argv[1:]
path, kind, content = {
    'v1-json': ('v1', Encoding.V1_JSON, 'application/json'),
    'v2-json': ('v2', Encoding.V2_JSON, 'application/json'),
    'v2-proto': ('v2', Encoding.V2_PROTO3, 'application/x-protobuf'),
}[encoding]
def send(body):
    body = body if isinstance(body, bytes) else body.encode()
    request = urllib.request.Request('http://%s/api/%s/spans' % (host, path), data=body, headers={'content-type': content})
    assert urllib.request.urlopen(request).status == 202
options = {'transport_handler': send, 'sample_rate': 100, 'encoding': kind, 'use_128bit_trace_id': True}
with zipkin_server_span(service_name='py-zipkin', span_name='parent', **options) as parent:
    with zipkin_client_span(service_name='py-zipkin', span_name='child') as child:
        child.update_binary_annotations({'customer': 'ada', 'items': '3', 'total': '1.5', 'paid': 'true', 'error': 'throttled'})
        child.add_annotation('retry')
        from py_zipkin.storage import get_default_tracer
        current = get_default_tracer().get_zipkin_attrs()
        print(json.dumps({'traceId': current.trace_id, 'parentId': current.parent_span_id, 'childId': current.span_id}))
`

/** @param door `host:port` */
export async function sendFromPyZipkin(encoding: 'v1-json' | 'v2-json' | 'v2-proto', door: string): Promise<SentTrace> {
  return await runPythonOf('jaeger', PY_ZIPKIN, encoding, door)
}

function split(door: string): [string, string] {
  const colon = door.lastIndexOf(':')
  return [door.slice(0, colon), door.slice(colon + 1)]
}
