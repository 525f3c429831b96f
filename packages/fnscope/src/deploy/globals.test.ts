import assert from 'node:assert/strict'
import test from 'node:test'
import { mergeGlobal, withGlobals } from './globals.ts'
import { parseTemplate } from './template-yaml.ts'

test('maps merge, lists append with the global first, scalars and calls are overridden', () => {
  assert.deepEqual(mergeGlobal({ A: 1, B: { C: 1, D: 2 } }, { B: { D: 3 } }), { A: 1, B: { C: 1, D: 3 } })
  assert.deepEqual(mergeGlobal(['a'], ['b']), ['a', 'b'])
  assert.equal(mergeGlobal(3, 5), 5)
  assert.deepEqual(mergeGlobal({ A: 1 }, { Ref: 'X' }), { Ref: 'X' })
  assert.equal(mergeGlobal({ A: 1 }, 'text'), 'text')
})

const template = parseTemplate(
  `
Globals:
  Function:
    Timeout: 9
    Runtime: python3.11
    Layers: [one]
    Environment: { Variables: { A: global, B: global } }
`,
  't.yaml',
)

test('a function has what Globals says under what it says itself', () => {
  const resource = {
    Type: 'AWS::Serverless::Function',
    Properties: { Timeout: 2, Layers: ['two'], Environment: { Variables: { B: 'own' } } },
  }
  assert.deepEqual(withGlobals(template, resource, 'Resources.Fn'), {
    Timeout: 2,
    Runtime: 'python3.11',
    Layers: ['one', 'two'],
    Environment: { Variables: { A: 'global', B: 'own' } },
  })
})

test('a function of CloudFormation has nothing from Globals, and IgnoreGlobals takes parts out', () => {
  const native = { Type: 'AWS::Lambda::Function', Properties: { Timeout: 2 } }
  assert.deepEqual(withGlobals(template, native, 'Resources.Fn'), { Timeout: 2 })
  const partly = {
    Type: 'AWS::Serverless::Function',
    IgnoreGlobals: ['Layers', 'Environment', 'Timeout'],
    Properties: {},
  }
  assert.deepEqual(withGlobals(template, partly, 'Resources.Fn'), { Runtime: 'python3.11' })
})
