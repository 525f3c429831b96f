// Datadog's library for Node as a layer, beside the file that stands for Datadog's extension: it sends each trace before the
// invocation ends, to the address that a DataKit would have. The environment gets no processor time after the answer.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { chooseIsolation } from '../../packages/fnscope/src/functions/isolation/choose-isolation.ts'
import { freePort } from '../free-port.ts'
import { CACHE, eventually, startFnscope, temporaryDir } from '../started-fnscope.ts'
import { installedPackages } from './node-packages.ts'

const isolation = await chooseIsolation('auto', CACHE)
// Where there is no /opt of its own, the file would have to be the machine's.
const skip = isolation.kind === 'none' && isolation.reason

const PACKAGES = ['datadog-lambda-js@12.143.0', 'dd-trace@5.132.0']
const HANDLER = `
const tracer = require('dd-trace')
exports.handler = async ({ order }) =>
  await tracer.trace('order.validate', { service: 'orders', tags: { 'order.id': order } }, async () => ({ order }))
`
const template = (port: number): string => `
Transform: AWS::Serverless-2016-10-31
Resources:
  Library:
    Type: AWS::Serverless::LayerVersion
    Properties: { ContentUri: layer/ }
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: hello-dd-node
      Runtime: nodejs20.x
      Handler: /opt/nodejs/node_modules/datadog-lambda-js/dist/handler.handler
      CodeUri: code/
      Timeout: 60
      MemorySize: 512
      Layers: [!Ref Library, !Sub 'arn:aws:lambda:\${AWS::Region}:464622532012:layer:Datadog-Extension:65']
      Environment: { Variables: { DD_LAMBDA_HANDLER: index.handler, DD_TRACE_AGENT_URL: 'http://localhost:${port}' } }
`

interface Found {
  readonly data: readonly { readonly spans: readonly { readonly operationName: string }[] }[]
}

test("with the marker of Datadog's extension the traces of a frozen Node function are there", { skip }, async (t) => {
  const app = temporaryDir('datadog-node-marker')
  t.after(() => rmSync(app, { recursive: true, force: true }))
  const port = await freePort()
  for (const dir of ['layer', 'code']) mkdirSync(join(app, dir))
  symlinkSync(await installedPackages('datadog-node', PACKAGES), join(app, 'layer/nodejs'))
  writeFileSync(join(app, 'code/index.js'), HANDLER)
  writeFileSync(join(app, 'template.yaml'), template(port))
  await using fnscope = await startFnscope({
    app,
    args: ['--door', `datakit=127.0.0.1:${port}`],
    env: { FNSCOPE_ISOLATION: 'namespace', FNSCOPE_FREEZE: '1' },
  })
  for (const order of ['cold', 'warm']) {
    const answer = await fetch(`${fnscope.url}/2015-03-31/functions/hello-dd-node/invocations`, {
      method: 'POST',
      headers: { authorization: 'test' },
      body: JSON.stringify({ order }),
    })
    assert.deepEqual(await answer.json(), { order })
    const tags = JSON.stringify({ 'order.id': order })
    const query = new URLSearchParams({ service: 'orders', operation: 'order.validate', tags, lookback: '1h' })
    const found = await eventually(async () => {
      const searched = await fetch(`http://${fnscope.doors['jaeger-query']}/api/traces?${query.toString()}`)
      return ((await searched.json()) as Found).data[0]
    }, 60_000)
    const names = found.spans.map(({ operationName }) => operationName)
    for (const name of ['aws.lambda', 'order.validate']) assert.ok(names.includes(name), names.join())
  }
})
