// Templates that cannot run: refused before anything is deployed, in words that name the file and the remedy.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { runFnscope, temporaryDir } from '../started-fnscope.ts'

let dir: string

before(() => {
  dir = temporaryDir('templates')
})

after(() => {
  rmSync(dir, { recursive: true, force: true })
})

const up = async (app: string): ReturnType<typeof runFnscope> =>
  await runFnscope(['up', app, '--data', join(dir, 'data'), '--ports', 'auto'])

/** An app's directory with this template. */
function app(name: string, template: string): string {
  const path = join(dir, name)
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, 'template.yaml'), template)
  return path
}

const FUNCTION = 'Resources:\n  Lonely:\n    Type: AWS::Serverless::Function\n    Properties:\n'

test('a template that cannot run is refused with exit 1, naming the file, the place and the remedy', async () => {
  const empty = join(dir, 'empty')
  mkdirSync(empty)
  const cases: readonly (readonly [what: string, path: string, said: readonly RegExp[]])[] = [
    ['no such directory', join(dir, 'nowhere'), [/nowhere/, /FNS_APP_NOT_FOUND/]],
    ['no template', empty, [/empty/, /template/, /FNS_APP_NOT_FOUND/]],
    [
      'no handler',
      app('handlerless', `${FUNCTION}      Runtime: python3.11\n      CodeUri: .\n`),
      [/Lonely/, /Handler/, /FNS_TEMPLATE_NO_HANDLER/],
    ],
    [
      'no code',
      app('codeless', `${FUNCTION}      Runtime: python3.11\n      Handler: app.f\n      CodeUri: src/\n`),
      [/Lonely/, /src/, /FNS_CODE_NOT_FOUND/],
    ],
    [
      'bad YAML',
      app('broken', 'Resources:\n  A: [1, 2\n  B: }\n'),
      [/template\.yaml/, /line|:\d/, /FNS_TEMPLATE_INVALID/],
    ],
    ['a list', app('list', '- 1\n- 2\n'), [/template\.yaml/, /FNS_TEMPLATE_INVALID/]],
    ['nothing', app('nothing', ''), [/template\.yaml/, /FNS_TEMPLATE/]],
    ['no function', app('functionless', 'Resources:\n  T:\n    Type: AWS::SNS::Topic\n'), [/FNS_TEMPLATE_NO_FUNCTION/]],
    ['aliases without end', app('laughs', laughs()), [/template\.yaml/, /FNS_TEMPLATE/]],
    ['a template of bytes', app('bytes', '\u0000\u0001\ufffd'), [/template\.yaml/, /FNS_TEMPLATE/]],
  ]
  for (const [what, path, said] of cases) {
    const { code, stderr } = await up(path)
    assert.equal(code, 1, `${what}: ${stderr.slice(0, 500)}`)
    for (const words of said) assert.match(stderr, words, `${what}: ${stderr.slice(0, 500)}`)
    assert.doesNotMatch(stderr, /\n {4}at /, `${what}: no stack`)
  }
})

/** Aliases of aliases: ten to the ninth power of entries if they were all made. */
function laughs(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i < 10; i++)
    lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`)
  return `${lines.join('\n')}\nResources: *a9\n`
}
