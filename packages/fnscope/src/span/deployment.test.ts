import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deploymentOf } from './deployment.ts'

const NOTHING = { resource: {}, annotations: {}, service: '' }
const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:pay'

test('what the resource says counts before the ARN, and the current name before the older', () => {
  assert.deepEqual(
    deploymentOf({
      ...NOTHING,
      resourceArn: ARN,
      resource: {
        'deployment.environment': 'old',
        'deployment.environment.name': 'prod',
        'service.version': '3',
        'cloud.region': 'us-east-2',
        'faas.name': 'orders',
      },
      annotations: { env: 'mine' },
    }),
    { environment: 'prod', version: '3', accountId: '123456789012', region: 'us-east-2', functionName: 'orders' },
  )
})

test('of a Lambda segment the ARN, or its name, is enough', () => {
  assert.deepEqual(deploymentOf({ ...NOTHING, origin: 'AWS::Lambda', service: 'pay', annotations: { env: 'prod' } }), {
    environment: 'prod',
    version: '',
    accountId: '',
    region: '',
    functionName: 'pay',
  })
  const { accountId, region, functionName } = deploymentOf({ ...NOTHING, resourceArn: ARN })
  assert.deepEqual([accountId, region, functionName], ['123456789012', 'eu-west-1', 'pay'])
})

test('another ARN names no function, and what is no ARN says nothing', () => {
  const task = deploymentOf({ ...NOTHING, resourceArn: 'arn:aws:ecs:eu-west-1:2:task/x' })
  assert.deepEqual([task.accountId, task.region, task.functionName], ['2', 'eu-west-1', ''])
  assert.deepEqual(deploymentOf({ ...NOTHING, resourceArn: '/subscriptions/1' }), deploymentOf(NOTHING))
})
