// Programs that log and measure with the unmodified OpenTelemetry SDKs, set up by the environment variables that users set.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { ROOT, runClient } from '../started-fnscope.ts'

export interface SentSignals {
  /** 32 hex digits: of the span that the lines were written in. */
  readonly traceId: string
}

/** Two lines in a span, one with an exception; a counter, a histogram of either make, an up-down counter, a gauge. */
const PYTHON = `
import json, logging
from opentelemetry.exporter.otlp.proto.{package}._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.{package}.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
resource = Resource.create({'service.name': '{service}'})
logs = LoggerProvider(resource=resource)
logs.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter()))
logger = logging.getLogger('shop')
logger.setLevel(logging.INFO)
logger.addHandler(LoggingHandler(logger_provider=logs))
reader = PeriodicExportingMetricReader(OTLPMetricExporter(), 60_000)
views = [View(instrument_name='size', aggregation=ExponentialBucketHistogramAggregation())]
meters = MeterProvider(metric_readers=[reader], resource=resource, views=views)
meter = meters.get_meter('shop')
tracer = TracerProvider(resource=resource).get_tracer('shop')
with tracer.start_as_current_span('order') as span:
    logger.info('order taken', extra={'requestId': 'req-{service}', 'items': 3})
    try:
        raise ValueError('no stock')
    except ValueError:
        logger.exception('order failed')
    meter.create_counter('orders', unit='1', description='taken').add(3, {'kind': 'a'})
    meter.create_histogram('latency', unit='ms').record(7, {'route': '/o'})
    meter.create_histogram('size', unit='By').record(1000)
    meter.create_up_down_counter('inflight').add(-2)
    meter.create_gauge('temperature').set(21.5)
logs.force_flush()
meters.shutdown()
logs.shutdown()
print(json.dumps({'traceId': format(span.get_span_context().trace_id, '032x')}))
`

export async function signalsFromPython(
  protocol: 'http' | 'grpc',
  endpoint: string,
  service: string,
): Promise<SentSignals> {
  const program = PYTHON.replaceAll('{package}', protocol).replaceAll('{service}', service)
  const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }
  const { code, stdout, stderr } = await runClient('python', ['-W', 'ignore', '-c', program], env)
  if (code !== 0 || /export|error/i.test(stderr.replace('ValueError', '')))
    throw new Error(`python ended with ${code}:\n${stderr}`)
  return JSON.parse(stdout) as SentSignals
}

const NODE = `
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-{package}'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-{package}'
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { context, trace } from '@opentelemetry/api'
const resource = resourceFromAttributes({ 'service.name': '{service}' })
const traceId = '{traceId}'
const inside = trace.setSpanContext(context.active(), { traceId, spanId: '1111111111111111', traceFlags: 1 })
const logs = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter: new OTLPLogExporter() })] })
const logger = logs.getLogger('shop', '1.2')
const attributes = { requestId: 'req-{service}', items: 3 }
logger.emit({ severityNumber: 9, severityText: 'INFO', body: 'order taken', attributes, context: inside })
logger.emit({ severityNumber: 17, severityText: 'ERROR', body: { order: 17, parts: [1.5, 'a'] }, context: inside })
const reader = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(), exportIntervalMillis: 60000 })
const views = [{ instrumentName: 'size', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }]
const meters = new MeterProvider({ resource, readers: [reader], views })
const meter = meters.getMeter('shop')
meter.createCounter('orders', { unit: '1', description: 'taken' }).add(3, { kind: 'a' })
meter.createHistogram('latency', { unit: 'ms' }).record(7, { route: '/o' })
meter.createHistogram('size', { unit: 'By' }).record(1000)
meter.createUpDownCounter('inflight').add(-2)
meter.createGauge('temperature').record(21.5)
await logs.forceFlush()
await meters.shutdown()
await logs.shutdown()
console.log(JSON.stringify({ traceId }))
`

/** `http` is Node's name for JSON. */
export async function signalsFromNode(
  protocol: 'proto' | 'http' | 'grpc',
  endpoint: string,
  service: string,
  traceId: string,
): Promise<SentSignals> {
  const program = NODE.replaceAll('{package}', protocol).replaceAll('{service}', service).replace('{traceId}', traceId)
  const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: ROOT, env })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  if (code !== 0) throw new Error(`node ended with ${code}:\n${stderr}`)
  return JSON.parse(stdout) as SentSignals
}
