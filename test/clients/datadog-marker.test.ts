// Datadog's library beside the file that stands for Datadog's extension: it hands each trace over before the invocation
// ends. The environment gets no processor time after the answer, so that what it did not send before does not come.
import assert from 'node:assert/strict'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { chooseIsolation } from '../../packages/fnscope/src/functions/isolation/choose-isolation.ts'
import { freePort } from '../free-port.ts'
import { APPS, CACHE, eventually, startFnscope, temporaryDir } from '../started-fnscope.ts'

const isolation = await chooseIsolation('auto', CACHE)
// Where there is no /opt of its own, the file would have to be the machine's.
const skip = isolation.kind === 'none' && isolation.reason

test("with the marker of Datadog's extension the traces of a frozen function are there", { skip }, async (t) => {
  const app = temporaryDir('datadog-marker')
  t.after(() => rmSync(app, { recursive: true, force: true }))
  cpSync(join(APPS, 'datadog-lambda'), app, { recursive: true })
  const template = readFileSync(join(app, 'template.yaml'), 'utf8')
  const marked = template.replace('123456789012:layer:Datakit-x86_64:1', '464622532012:layer:Datadog-Extension:65')
  assert.notEqual(marked, template)
  writeFileSync(join(app, 'template.yaml'), marked)
  const port = await freePort()
  await using fnscope = await startFnscope({
    app,
    args: ['--door', `datakit=127.0.0.1:${port}`, '--parameter', `AgentUrl=http://localhost:${port}`],
    env: { FNSCOPE_ISOLATION: 'namespace', FNSCOPE_FREEZE: '1' },
  })
  for (const order of ['cold', 'warm']) {
    const url = `${fnscope.url}/2015-03-31/functions/hello-dd/invocations`
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: 'test' },
      body: JSON.stringify({ order }),
    })
    assert.deepEqual(await answer.json(), { statusCode: 200, body: 'ok' })
    const tags = JSON.stringify({ 'order.id': order })
    const query = new URLSearchParams({ service: 'orders', operation: 'order.validate', tags, lookback: '1h' })
    const found = await eventually(async () => {
      const searched = await fetch(`http://${fnscope.doors['jaeger-query']}/api/traces?${query.toString()}`)
      const { data } = (await searched.json()) as { readonly data: readonly { readonly spans: readonly Named[] }[] }
      return data[0]
    }, 60_000)
    const names = found.spans.map(({ operationName }) => operationName)
    for (const name of ['aws.lambda', 'order.validate']) assert.ok(names.includes(name), names.join())
  }
})

interface Named {
  readonly operationName: string
}
