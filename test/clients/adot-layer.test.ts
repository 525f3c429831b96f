// AWS' distribution of OpenTelemetry for Python as a layer of a function, behind AWS_LAMBDA_EXEC_WRAPPER, unmodified: what
// its packages send through the X-Ray daemon's port, and by OTLP to where its collector would listen, is one trace with the
// platform's segments. The layer is made of the packages that AWS' own is made of.
import assert from 'node:assert/strict'
import { cpSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { freePort } from '../free-port.ts'
import { eventually, ROOT, runFnscope, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'
import { readTrace, type Document } from './xray-client.ts'

/** As AWS' layer has it, with its own directory in place of /opt where there is none. */
const WRAPPER = `#!/bin/bash
export OTEL_PYTHON_DISTRO=\${OTEL_PYTHON_DISTRO:-aws_distro}
export OTEL_PYTHON_CONFIGURATOR=\${OTEL_PYTHON_CONFIGURATOR:-aws_configurator}
export OTEL_PROPAGATORS=\${OTEL_PROPAGATORS:-xray-lambda}
export OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
export OTEL_SERVICE_NAME=\${OTEL_SERVICE_NAME:-$AWS_LAMBDA_FUNCTION_NAME}
echo "wrapped $#"
python=$1
shift
exec "$python" "$(dirname "$0")/python/bin/opentelemetry-instrument" "$python" "$@"
`

const HANDLER = `
from opentelemetry import trace
def handler(event, context):
    with trace.get_tracer('shop').start_as_current_span('work') as span:
        span.set_attribute('customer', 'ada')
    return {'ok': True}
`

let fnscope: StartedFnscope
const app = temporaryDir('adot-layer')

before(async () => {
  const port = await freePort()
  const [packages] = globSync(join(ROOT, '.fnscope/venvs/adot/lib/python3*/site-packages'))
  cpSync(packages!, join(app, 'layer/python'), { recursive: true })
  cpSync(
    join(ROOT, '.fnscope/venvs/adot/bin/opentelemetry-instrument'),
    join(app, 'layer/python/bin/opentelemetry-instrument'),
  )
  writeFileSync(join(app, 'layer/otel-instrument'), WRAPPER, { mode: 0o755 })
  mkdirSync(join(app, 'code'))
  writeFileSync(join(app, 'code/app.py'), HANDLER)
  const fn = (name: string, more: string): string => `
  ${name}:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: ${name}
      Runtime: ${/python3\.\d+/.exec(packages!)![0]}
      Handler: app.handler
      CodeUri: code/
      Timeout: 60
      Tracing: Active
      Layers: [!Ref Adot]
      Environment:
        Variables:
          AWS_LAMBDA_EXEC_WRAPPER: /opt/otel-instrument
${more}
`
  const plain = `          OTEL_PYTHON_DISTRO: distro
          OTEL_PYTHON_CONFIGURATOR: configurator
          OTEL_TRACES_EXPORTER: otlp
          OTEL_EXPORTER_OTLP_PROTOCOL: http/protobuf
          OTEL_EXPORTER_OTLP_ENDPOINT: http://localhost:${port}
`
  const template = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Adot:
    Type: AWS::Serverless::LayerVersion
    Properties: { ContentUri: layer/ }
${fn('daemon', '')}${fn('collector', plain)}`
  writeFileSync(join(app, 'template.yaml'), template)
  fnscope = await startFnscope({ app, args: ['--door', `otlp-http=127.0.0.1:${port}`] })
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  rmSync(app, { recursive: true, force: true })
})

for (const name of ['daemon', 'collector']) {
  test(
    `spans of ADOT's layer hang under the function's segment, sent through the ${name}`,
    { timeout: 240_000 },
    async () => {
      const ran = await runFnscope(['invoke', name, '--json'], { FNSCOPE_URL: fnscope.url })
      const answer = JSON.parse(ran.stdout) as {
        readonly traceId: string
        readonly log: string
        readonly payload: unknown
      }
      assert.deepEqual(answer.payload, { ok: true }, ran.stdout)
      const [, xrayId, functionId] = /XRAY TraceId: (\S+)\tSegmentId: ([0-9a-f]{16})\t/.exec(answer.log)!
      const documents = await eventually(async () => {
        const trace = await readTrace(fnscope, xrayId!)
        const found = (trace?.Segments ?? []).map((one) => JSON.parse(one.Document) as Document)
        const own = found.filter(({ origin }) => String(origin).startsWith('AWS::Lambda'))
        const isSent = JSON.stringify(found).includes('"work"') && found.some((one) => one['parent_id'] === functionId)
        return own.length === 2 && isSent ? found : undefined
      })
      const text = JSON.stringify(documents)
      assert.match(text, /"customer":"ada"/)
      const own = documents.filter(({ origin }) => origin === 'AWS::Lambda' || origin === 'AWS::Lambda::Function')
      assert.equal(own.length, 2)
      const server = documents.find((one) => one['parent_id'] === functionId)
      assert.ok(server, text)
    },
  )
}
