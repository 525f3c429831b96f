// AWS' distribution of OpenTelemetry for Python in a function's surroundings, unmodified: it sends OTLP in datagrams to the
// X-Ray daemon's port, and the trace of the invocation is found as X-Ray's.
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { formatXrayTraceId, newSpanId, newTraceId } from '../../packages/fnscope/src/span/id.ts'
import { counted } from '../raw-http.ts'
import {
  ROOT,
  eventually,
  eventuallyHolds,
  run,
  startFnscope,
  temporaryDir,
  type StartedFnscope,
} from '../started-fnscope.ts'
import { readTrace, type Document } from './xray-client.ts'

let fnscope: StartedFnscope
/** Made by scripts/setup.mjs of test/clients/venvs/adot.txt. */
const BIN = join(ROOT, '.fnscope/venvs/adot/bin')
const taskRoot = temporaryDir('adot')

const HANDLER = `
from opentelemetry import trace
def lambda_handler(event, context):
    with trace.get_tracer('shop').start_as_current_span('work') as span:
        span.set_attribute('customer', 'ada')
    return {'ok': True}
`
/** What the runtime does: imports the handler, and calls it. */
const RUNTIME = `
import app
class Context:
    function_name = 'orders-fn'
    aws_request_id = '11111111-2222-3333-4444-555555555555'
    invoked_function_arn = 'arn:aws:lambda:us-east-1:123456789012:function:orders-fn'
    def get_remaining_time_in_millis(self):
        return 3000
app.lambda_handler({}, Context())
`

before(async () => {
  fnscope = await startFnscope()
  writeFileSync(join(taskRoot, 'app.py'), HANDLER)
  writeFileSync(join(taskRoot, 'runtime.py'), RUNTIME)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  rmSync(taskRoot, { recursive: true, force: true })
})

/** One invocation under the trace header. */
async function invoke(header: string): Promise<void> {
  const { code, stderr } = await run(join(BIN, 'opentelemetry-instrument'), ['python', join(taskRoot, 'runtime.py')], {
    input: '',
    env: {
      PATH: `${BIN}:${process.env['PATH'] ?? ''}`,
      PYTHONPATH: taskRoot,
      AWS_LAMBDA_FUNCTION_NAME: 'orders-fn',
      AWS_REGION: 'us-east-1',
      AWS_XRAY_DAEMON_ADDRESS: fnscope.doors['xray-daemon'],
      LAMBDA_TASK_ROOT: taskRoot,
      _HANDLER: 'app.lambda_handler',
      _X_AMZN_TRACE_ID: header,
      OTEL_PYTHON_DISTRO: 'aws_distro',
      OTEL_PYTHON_CONFIGURATOR: 'aws_configurator',
      OTEL_PROPAGATORS: 'xray-lambda',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    },
  })
  assert.equal(code, 0, stderr)
}

async function received(signal: string): Promise<number> {
  const metrics = await (await fetch(`${fnscope.url}/metrics`)).text()
  return counted(metrics, 'fnscope_received_total', { door: 'xray-daemon', signal })
}

test('the spans of an invocation are found as the trace that its header named', { timeout: 300_000 }, async () => {
  const xrayId = formatXrayTraceId(newTraceId(Date.now() / 1000))
  const parentId = newSpanId()
  await invoke(`Root=${xrayId};Parent=${parentId};Sampled=1`)
  const documents = await eventually(async () => {
    const trace = await readTrace(fnscope, xrayId)
    const found = (trace?.Segments ?? []).map((one) => JSON.parse(one.Document) as Document)
    const isWhole = JSON.stringify(found).includes('"work"') && found.some((one) => one['parent_id'] === parentId)
    return isWhole ? found : undefined
  })
  const server = documents.find((one) => one['name'] !== 'work')!
  const text = JSON.stringify(documents)
  assert.match(text, /"customer":"ada"/)
  assert.match(text, /11111111-2222-3333-4444-555555555555/)
  assert.equal(server['parent_id'], parentId)
  await eventuallyHolds(async () => assert.equal(await received('span'), 2))
})
