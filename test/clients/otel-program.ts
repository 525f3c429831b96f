// Programs that send one trace with the unmodified OpenTelemetry SDKs, set up by the environment variables that users set.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { ROOT, runClient } from '../started-fnscope.ts'

export interface Sent {
  /** 32 hex digits. */
  readonly traceId: string
  /** What the exporter told the SDK. */
  readonly success: boolean
}

export interface OtelEnvironment {
  /** http://host:port of the door. */
  readonly endpoint: string
  readonly compression?: 'gzip' | 'deflate'
  /** `name=value,name=value` */
  readonly headers?: string
}

/** `order` (server) > `DynamoDB.GetItem` (client), with an attribute of each type, an event and a link. */
const PYTHON = `
import json
from opentelemetry.exporter.otlp.proto.{package} import trace_exporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
memory = InMemorySpanExporter()
provider = TracerProvider(resource=Resource.create({'service.name': 'orders-python'}))
provider.add_span_processor(SimpleSpanProcessor(memory))
tracer = provider.get_tracer('shop', '1.2')
with tracer.start_as_current_span('order', kind=SpanKind.SERVER) as order:
    order.set_attributes({'customer': 'ada', 'items': 3, 'total': 1.5, 'paid': True, 'tags': ['a', 'b']})
    with tracer.start_as_current_span('DynamoDB.GetItem', kind=SpanKind.CLIENT, links=[Link(order.get_span_context())]) as call:
        call.add_event('retry', {'attempt': 2})
        call.set_status(Status(StatusCode.ERROR, 'throttled'))
result = trace_exporter.OTLPSpanExporter().export(memory.get_finished_spans())
print(json.dumps({'traceId': format(order.get_span_context().trace_id, '032x'), 'success': result is SpanExportResult.SUCCESS}))
`

export async function sendFromPython(protocol: 'http' | 'grpc', environment: OtelEnvironment): Promise<Sent> {
  const { code, stdout, stderr } = await runClient(
    'python',
    ['-c', PYTHON.replace('{package}', protocol)],
    variables(environment),
  )
  if (code !== 0) throw new Error(`python ended with ${code}:\n${stderr}`)
  return JSON.parse(stdout) as Sent
}

const NODE = `
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-{package}'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { context, SpanKind, trace } from '@opentelemetry/api'
const memory = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(memory)] })
const tracer = provider.getTracer('shop', '1.2')
const order = tracer.startSpan('order', { kind: SpanKind.SERVER })
order.setAttributes({ customer: 'ada', items: 3, total: 1.5, paid: true, tags: ['a', 'b'] })
const inside = trace.setSpan(context.active(), order)
const call = tracer.startSpan('DynamoDB.GetItem', { kind: SpanKind.CLIENT, links: [{ context: order.spanContext() }] }, inside)
call.addEvent('retry', { attempt: 2 }).setStatus({ code: 2, message: 'throttled' }).end()
order.end()
await provider.forceFlush()
const exporter = new OTLPTraceExporter()
const result = await new Promise((resolve) => exporter.export(memory.getFinishedSpans(), resolve))
await exporter.shutdown()
console.log(JSON.stringify({ traceId: order.spanContext().traceId, success: result.code === 0 }))
`

/** `http` is Node's name for JSON. */
export async function sendFromNode(protocol: 'proto' | 'http' | 'grpc', environment: OtelEnvironment): Promise<Sent> {
  const program = NODE.replace('{package}', protocol)
  const env = { ...variables(environment), OTEL_SERVICE_NAME: 'orders-node' }
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: ROOT, env })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  if (code !== 0) throw new Error(`node ended with ${code}:\n${stderr}`)
  return JSON.parse(stdout) as Sent
}

function variables({ endpoint, compression, headers }: OtelEnvironment): NodeJS.ProcessEnv {
  return {
    ...process.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    ...(compression === undefined ? {} : { OTEL_EXPORTER_OTLP_COMPRESSION: compression }),
    ...(headers === undefined ? {} : { OTEL_EXPORTER_OTLP_HEADERS: headers }),
  }
}
