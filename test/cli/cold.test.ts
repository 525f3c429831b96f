// `fnscope cold` over a real cold start that was recorded with --anatomy.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ConsoleColdStarts } from '../../packages/fnscope/src/api/console-types.ts'
import { eventually, runFnscope, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'

const FILES = {
  'template.yaml': `
Transform: AWS::Serverless-2016-10-31
Resources:
  Slow:
    Type: AWS::Serverless::Function
    Properties: { Runtime: python3.11, Handler: app.handler, CodeUri: ., Timeout: 10 }
`,
  'app.py': 'import outer\ndef handler(event, context):\n    return outer.VALUE\n',
  'outer.py': 'import time\nimport inner\ntime.sleep(0.1)\nVALUE = 1\n',
  'inner.py': 'import time\ntime.sleep(0.2)\n',
}

const dir = temporaryDir('cold')
let fnscope: StartedFnscope

before(async () => {
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true })
    writeFileSync(join(dir, file), text)
  }
  fnscope = await startFnscope({ app: dir, args: ['--anatomy'] })
})

after(async () => {
  await fnscope?.[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true, force: true })
})

test('before the first call it says that there is none; then phases, imports and a tree', async () => {
  const env = { FNSCOPE_URL: fnscope.url }
  assert.match((await runFnscope(['cold', 'Slow'], env)).stderr, /No cold starts of .*Slow.* in the last 1h/)
  assert.equal((await runFnscope(['invoke', 'Slow'], env)).stdout.trim(), '1')
  const found = await eventually(async () => {
    const { stdout } = await runFnscope(['cold', 'Slow', '--json'], env)
    const answer = JSON.parse(stdout) as ConsoleColdStarts
    const isWhole = answer.versions[0]?.imports.some(({ module }) => module === 'inner') === true
    return answer.coldStarts.length > 0 && isWhole ? answer : undefined
  })
  const [version] = found.versions
  assert.deepEqual(
    version!.phases.map(({ name }) => name),
    ['Sandbox', 'Runtime', 'Function'],
  )
  const [inner, outer] = ['inner', 'outer'].map((name) => version!.imports.find(({ module }) => module === name))
  assert.ok(inner!.selfMs >= 200 && outer!.selfMs >= 100 && outer!.cumulativeMs >= 300)
  const { stdout } = await runFnscope(['cold', 'Slow'], env)
  assert.match(stdout, /Sandbox .*·  Runtime .*·  Function /)
  assert.match(stdout, /└─ Function[^]*─ import outer[^]*└─ import inner/)
})
