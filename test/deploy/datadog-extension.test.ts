// Datadog's extension in a template: the file by which its libraries know of it, and no program.
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { externalExtensions } from '../../packages/fnscope/src/functions/layer-extensions.ts'
import { makeApp, read } from './app-fixture.ts'

test("Datadog's extension stands for its file under /opt/extensions, which is not started", async (t) => {
  const arn = 'arn:aws:lambda:us-east-1:464622532012:layer:Datadog-Extension-ARM:65'
  const template = `
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties: { Runtime: provided.al2023, Handler: bootstrap, Code: ., Role: r, Layers: ['${arn}'] }
`
  const app = await read(await makeApp(t, { 'template.yaml': template, bootstrap: '' }))
  const { layerDirs } = app.functions[0]!
  assert.equal(layerDirs.length, 1)
  assert.ok(statSync(join(layerDirs[0]!, 'extensions/datadog-agent')).isFile())
  assert.deepEqual(externalExtensions(layerDirs), [])
  assert.ok(app.notices.some((notice) => notice.startsWith(`${arn}: what Datadog's extension does`)))
})
