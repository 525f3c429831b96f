// An extension written for Lambda by others, as they publish it (npm: @serverless/aws-lambda-otel-extension-dist): a bash
// script in /opt/extensions that starts a Node program, which registers, subscribes to the Logs API by the name of the
// environment, and sends by OTLP what its wrapper collected inside the function. Nothing of it knows fnscope, and its paths
// are the cloud's, so namespaces are wanted. Of what it sends, metrics are looked for: it writes the ids of spans as 24 bytes,
// which OTLP does not have, and they are refused.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { unzipSync } from 'fflate'
import {
  eventually,
  eventuallyHolds,
  runFnscope,
  startFnscope,
  temporaryDir,
  type StartedFnscope,
} from '../started-fnscope.ts'
import { counted } from '../raw-http.ts'

const PACKAGE = '@serverless/aws-lambda-otel-extension-dist/package.json'

const app = temporaryDir('extension')
let fnscope: StartedFnscope | undefined
after(async () => {
  await fnscope?.[Symbol.asyncDispose]()
  rmSync(app, { recursive: true, force: true })
})

/** Why namespaces are not to be had here; undefined: they are. */
function withoutNamespaces(): string | undefined {
  try {
    execFileSync('unshare', ['-Urm', 'true'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'SKIPPED: this machine gives no namespaces, and the extension names /opt'
  }
}

function unpack(to: string): void {
  const zip = join(dirname(createRequire(import.meta.url).resolve(PACKAGE)), 'extension.zip')
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(zip)))) {
    if (name.endsWith('/')) continue
    mkdirSync(dirname(join(to, name)), { recursive: true })
    writeFileSync(join(to, name), bytes)
  }
  for (const program of ['extensions/otel-extension', 'otel-extension/index.js', 'otel-extension/otel-handler'])
    chmodSync(join(to, program), 0o755)
}

test(
  'the extension registers, reads the function’s log, and its figures of the invocation arrive by OTLP',
  { timeout: 240_000, skip: withoutNamespaces() ?? false },
  async () => {
    unpack(join(app, 'layer'))
    mkdirSync(join(app, 'code'))
    writeFileSync(join(app, 'code/index.js'), 'exports.handler = async (event) => ({ hello: event.name })\n')
    const template = (otlp: string): string => `
Transform: AWS::Serverless-2016-10-31
Resources:
  Layer:
    Type: AWS::Serverless::LayerVersion
    Properties: { ContentUri: layer/ }
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: extended
      Runtime: nodejs20.x
      Handler: index.handler
      CodeUri: code/
      Timeout: 60
      MemorySize: 512
      Layers: [!Ref Layer]
      Environment:
        Variables:
          AWS_LAMBDA_EXEC_WRAPPER: /opt/otel-extension/otel-handler
          SLS_OTEL_REPORT_TRACES_URL: ${otlp}/v1/traces
          SLS_OTEL_REPORT_METRICS_URL: ${otlp}/v1/metrics
`
    fnscope = await startFnscope({ args: ['--isolation', 'namespace'] })
    const { url, doors } = fnscope
    writeFileSync(join(app, 'template.yaml'), template(`http://${doors['otlp-http']}`))
    const env = { FNSCOPE_URL: url }
    const deployed = await runFnscope(['deploy', app], env)
    assert.equal(deployed.code, 0, deployed.stderr)
    const ran = await runFnscope(['invoke', 'extended', '--event', '-', '--json'], env, '{"name":"ada"}')
    const answer = JSON.parse(ran.stdout) as { readonly payload: unknown; readonly log: string }
    assert.deepEqual(answer.payload, { hello: 'ada' }, ran.stdout)
    await eventuallyHolds(async () => {
      const logs = (await runFnscope(['logs', 'extended'], env)).stdout
      assert.match(logs, /otel-extension {2}launching extension/)
      assert.match(logs, /EXTENSION\tName: otel-extension\tState: Ready\tEvents: \[INVOKE, SHUTDOWN\]/)
      assert.match(logs, /LOGS\tName: otel-extension\tState: Subscribed\tTypes: \[Platform\]/)
    })
    await eventually(async () => {
      const metrics = await (await fetch(`${url}/metrics`)).text()
      return counted(metrics, 'fnscope_received_total', { door: 'otlp-http', signal: 'metric' }) > 0 ? true : undefined
    }, 30_000)
  },
)
