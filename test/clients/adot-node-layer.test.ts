// AWS' distribution of OpenTelemetry for Node as a layer of a function, behind AWS_LAMBDA_EXEC_WRAPPER, unmodified: what it
// sends to the X-Ray daemon's port hangs under the platform's segments. The layer is the npm package that AWS' own is made of.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { eventually, runFnscope, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'
import { installedPackages } from './node-packages.ts'
import { readTrace, type Document } from './xray-client.ts'

const PACKAGE = '@aws/aws-distro-opentelemetry-node-autoinstrumentation'
const VERSION = '0.13.0'

const WRAPPER = `#!/bin/bash
export NODE_PATH=\${NODE_PATH:+$NODE_PATH:}$(dirname "$0")/nodejs/node_modules
export NODE_OPTIONS="\${NODE_OPTIONS} --require ${PACKAGE}/register"
export OTEL_SERVICE_NAME=\${OTEL_SERVICE_NAME:-$AWS_LAMBDA_FUNCTION_NAME}
export OTEL_PROPAGATORS=\${OTEL_PROPAGATORS:-baggage,xray,tracecontext}
export OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
exec "$@"
`
const HANDLER = `
const { trace } = require('@opentelemetry/api')
exports.handler = async () => {
  trace.getTracer('shop').startActiveSpan('work', (span) => { span.setAttribute('customer', 'ada'); span.end() })
  return { ok: true }
}
`

const app = temporaryDir('adot-node')
let fnscope: StartedFnscope

before(async () => {
  mkdirSync(join(app, 'layer'))
  mkdirSync(join(app, 'code'))
  symlinkSync(await installedPackages('adot-node', [`${PACKAGE}@${VERSION}`]), join(app, 'layer/nodejs'))
  writeFileSync(join(app, 'layer/otel-instrument'), WRAPPER, { mode: 0o755 })
  writeFileSync(join(app, 'code/index.js'), HANDLER)
  const template = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Adot:
    Type: AWS::Serverless::LayerVersion
    Properties: { ContentUri: layer/ }
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: traced
      Runtime: nodejs20.x
      Handler: index.handler
      CodeUri: code/
      Timeout: 60
      MemorySize: 512
      Tracing: Active
      Layers: [!Ref Adot]
      Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: /opt/otel-instrument } }
`
  writeFileSync(join(app, 'template.yaml'), template)
  fnscope = await startFnscope({ app })
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  rmSync(app, { recursive: true, force: true })
})

test('spans of the layer hang under the function’s segment', { timeout: 240_000 }, async () => {
  const ran = await runFnscope(['invoke', 'traced', '--json'], { FNSCOPE_URL: fnscope.url })
  const answer = JSON.parse(ran.stdout) as { readonly log: string; readonly payload: unknown }
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
  assert.ok(
    documents.some((one) => one['parent_id'] === functionId),
    text,
  )
})
