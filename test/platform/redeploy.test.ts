// What a deployment of changed files does to a running fnscope, through its own HTTP API.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appFixture, call, startWith, templateOf } from './called.ts'

const source = (answer: string): string =>
  `import os\ndef handler(event, context): return ['${answer}', os.getpid(), os.environ.get('COLOUR')]\n`

test('a changed file or variable gives a new environment at the next deploy; an unchanged function keeps its own', async () => {
  const functions = {
    painted: ['Handler: app.handler', 'CodeUri: painted'],
    other: ['Handler: app.handler', 'CodeUri: other'],
  }
  using app = appFixture({ 'painted/app.py': source('one'), 'other/app.py': source('other') }, functions)
  await using fnscope = await startWith(app)
  const ask = async (name: string): Promise<readonly [string, number, string | null]> =>
    JSON.parse((await call(fnscope, name)).text) as [string, number, string | null]
  const deploy = async (): Promise<void> => {
    const response = await fetch(`${fnscope.url}/api/apps`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'local' },
      body: JSON.stringify({ dir: app.dir }),
    })
    assert.ok(response.ok, await response.text())
  }

  const [first, other] = [await ask('painted'), await ask('other')]
  assert.deepEqual([first[0], first[2]], ['one', null])
  app.write('painted/app.py', source('another'))
  await deploy()
  const second = await ask('painted')
  assert.equal(second[0], 'another')
  assert.notEqual(second[1], first[1])

  app.write(
    'template.yaml',
    templateOf({ ...functions, painted: [...functions.painted, 'Environment: { Variables: { COLOUR: red } }'] }),
  )
  await deploy()
  const third = await ask('painted')
  assert.equal(third[2], 'red')
  assert.notEqual(third[1], second[1])
  assert.deepEqual(await ask('other'), other, 'the same process as before')
})
