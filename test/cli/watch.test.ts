// `fnscope up APP_DIR` follows its app: a changed template is deployed again, a broken one leaves what runs.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { eventually, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'

const TEMPLATE = (greeting: string): string => `
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: python3.11
      CodeUri: code/
      Environment: { Variables: { GREETING: ${greeting} } }
`

async function call(fnscope: StartedFnscope): Promise<unknown> {
  const url = `${fnscope.url}/2015-03-31/functions/Hello/invocations`
  const answer = await fetch(url, { method: 'POST', body: '{}', headers: { authorization: 'test' } })
  return await answer.json()
}

test('a changed template is deployed again with one line, a broken one is refused and leaves what runs', async (t) => {
  const dir = temporaryDir('watch')
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  mkdirSync(join(dir, 'code'))
  writeFileSync(join(dir, 'template.yaml'), TEMPLATE('hello'))
  writeFileSync(
    join(dir, 'code/app.py'),
    'import os\ndef handler(event, context):\n    return os.environ["GREETING"] + " 1"\n',
  )
  await using fnscope = await startFnscope({ app: dir })
  assert.equal(await call(fnscope), 'hello 1')
  const said = async (text: string): Promise<true> =>
    await eventually(async () => (fnscope.stderr().includes(text) ? true : undefined))

  writeFileSync(join(dir, 'template.yaml'), TEMPLATE('good day'))
  await said('template.yaml changed: deployed again.')
  assert.equal(await call(fnscope), 'good day 1')

  writeFileSync(join(dir, 'template.yaml'), TEMPLATE('!Ref Nothing'))
  await said('template.yaml changed, and what was deployed before stays:')
  await said('Unresolved resource dependencies [Nothing]')
  assert.equal(await call(fnscope), 'good day 1')

  writeFileSync(join(dir, 'code/app.py'), 'def handler(event, context):\n    return "2"\n')
  await said('app.py changed: the next call runs it.')
  assert.equal(await eventually(async () => ((await call(fnscope)) === '2' ? '2' : undefined)), '2')
})
