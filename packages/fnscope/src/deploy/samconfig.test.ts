import assert from 'node:assert/strict'
import test from 'node:test'
import { parseOverrides, parseSamConfig } from './samconfig.ts'

test('the stack name comes from deploy before global, comments and other tables aside', () => {
  const text = `version = 0.1
# a comment
[default.global.parameters]
stack_name = "from-global" # why
[default.deploy.parameters]
capabilities = "CAPABILITY_IAM"
stack_name = 'from-deploy'
[other.deploy.parameters]
stack_name = "other"`
  assert.equal(parseSamConfig(text).stackName, 'from-deploy')
  assert.equal(parseSamConfig('[default.global.parameters]\nstack_name = "g"').stackName, 'g')
  assert.deepEqual(parseSamConfig(''), { parameterOverrides: {} })
})

test('overrides are read in every spelling sam writes', () => {
  assert.deepEqual(parseOverrides('A=1 B="two words" ParameterKey=C,ParameterValue=3'), {
    A: '1',
    B: 'two words',
    C: '3',
  })
  const quoted = parseSamConfig('[default.deploy.parameters]\nparameter_overrides = "Stage=\\"prod\\" Size=\\"2\\""')
  assert.deepEqual(quoted.parameterOverrides, { Stage: 'prod', Size: '2' })
  const list = parseSamConfig('[default.deploy.parameters]\nparameter_overrides = [\n  "Stage=prod",\n  "Size=2"\n]')
  assert.deepEqual(list.parameterOverrides, { Stage: 'prod', Size: '2' })
})
