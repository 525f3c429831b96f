// Templates of the kinds that public collections have, each deployed in one started fnscope, called and removed. What is to
// come of a template stands in its own Metadata.Test.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { strToU8, zipSync } from 'fflate'
import type { ConsoleApp } from '../../packages/fnscope/src/api/console-types.ts'
import { parseTemplate } from '../../packages/fnscope/src/deploy/template-yaml.ts'
import { makeApp, withoutPython } from './app-fixture.ts'
import { APPS, startFnscope, type StartedFnscope } from '../started-fnscope.ts'

interface Expected {
  /** A function, its event and what it answers. */
  readonly Invoke?: string
  readonly Event?: unknown
  readonly Answer?: unknown
  /** The answer has more than that. */
  readonly Partial?: unknown
  /** An output that is a URL, and the JSON that GET answers. */
  readonly Get?: string
  readonly Body?: unknown
  /** Exactly these are deployed. */
  readonly Functions?: readonly string[]
  readonly Outputs?: Readonly<Record<string, string>>
  /** Parts of what is told; anything else that is told is of no interest. */
  readonly Notices?: readonly string[]
}

const DIR = join(APPS, 'templates')
const FILES = readdirSync(DIR).filter((name) => name.endsWith('.yaml'))

const skip = await withoutPython('python3.11')
let fnscope: StartedFnscope
before(async () => {
  if (skip === undefined) fnscope = await startFnscope()
})
after(async () => {
  if (skip === undefined) await fnscope[Symbol.asyncDispose]()
})

async function ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await fetch(`${fnscope.url}${path}`, {
    method,
    // invocations want to be signed, by anybody
    headers: { authorization: 'test', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  assert.ok(answer.ok, text)
  return JSON.parse(text) as Answer
}

test('there are at least 40 templates', () => assert.ok(FILES.length >= 40, `${FILES.length}`))

for (const file of FILES) {
  test(`${file} is deployed, called and removed`, { skip }, async () => {
    const metadata = parseTemplate(readFileSync(join(DIR, file), 'utf8'), file)['Metadata'] as {
      readonly Test?: unknown
    }
    const expected = metadata.Test as Expected
    const { app } = await ask<{ readonly app: ConsoleApp }>('POST', '/api/apps', { dir: join(DIR, file) })
    if (expected.Functions) assert.deepEqual([...app.functions].sort(), expected.Functions)
    for (const [key, value] of Object.entries(expected.Outputs ?? {})) assert.equal(app.outputs[key], value)
    for (const part of expected.Notices ?? [])
      assert.ok(
        app.notices.some((notice) => notice.includes(part)),
        `${part} in ${JSON.stringify(app.notices)}`,
      )
    if (expected.Invoke !== undefined) {
      const answer = await ask('POST', `/2015-03-31/functions/${expected.Invoke}/invocations`, expected.Event)
      if (expected.Partial === undefined) assert.deepEqual(answer, expected.Answer)
      else assert.partialDeepStrictEqual(answer, expected.Answer)
    }
    if (expected.Get !== undefined) {
      const url = app.urls[expected.Get]
      assert.ok(url, `${expected.Get} is no local URL: ${JSON.stringify(app.outputs)}`)
      const answer = await fetch(url)
      assert.equal(answer.status, 200)
      assert.deepEqual(await answer.json(), expected.Body)
    }
    await ask('DELETE', `/api/apps/${app.stack}`)
    const { apps } = await ask<{ readonly apps: readonly ConsoleApp[] }>('GET', '/api/apps')
    assert.deepEqual(apps, [])
  })
}

test('a dynamic reference has the value that the parameter store has', { skip }, async () => {
  const target = { 'x-amz-target': 'AmazonSSM.PutParameter', 'content-type': 'application/x-amz-json-1.1' }
  const authorization =
    'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ssm/aws4_request, SignedHeaders=host, Signature=0'
  const body = JSON.stringify({ Name: '/app/secret', Value: 'from the store', Type: 'String' })
  const put = await fetch(fnscope.url, { method: 'POST', headers: { ...target, authorization }, body })
  assert.equal(put.status, 200, await put.text())
  await ask('POST', '/api/apps', { dir: join(DIR, 'dynamic-reference.yaml') })
  const answer = await ask('POST', '/2015-03-31/functions/Fn/invocations', { names: ['SECRET'] })
  assert.deepEqual(answer, { SECRET: 'from the store' })
  await ask('DELETE', '/api/apps/templates-dynamic-reference')
})

test('code and layers may be archives', { skip }, async (t) => {
  const template = `
Resources:
  Libs: { Type: AWS::Serverless::LayerVersion, Properties: { ContentUri: libs.zip } }
  Fn: { Type: AWS::Serverless::Function, Properties: { CodeUri: code.zip, Handler: app.handler, Runtime: python3.11, Layers: [!Ref Libs] } }
`
  const dir = await makeApp(t, { 'template.yaml': template })
  const code = 'import shared\ndef handler(event, context):\n    return shared.VALUE\n'
  writeFileSync(join(dir, 'code.zip'), zipSync({ 'app.py': strToU8(code) }))
  writeFileSync(join(dir, 'libs.zip'), zipSync({ python: { 'shared.py': strToU8('VALUE = "zipped"\n') } }))
  const { app } = await ask<{ readonly app: ConsoleApp }>('POST', '/api/apps', { dir })
  assert.equal(await ask('POST', '/2015-03-31/functions/Fn/invocations', {}), 'zipped')
  await ask('DELETE', `/api/apps/${app.stack}`)
})
