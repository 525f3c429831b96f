import assert from 'node:assert/strict'
import test from 'node:test'
import { isDatakitLayer, packageOfLayer } from './layer.ts'

test('a Powertools layer stands for the package of its major version, any other ARN for nothing', () => {
  const arn = (name: string): string => `arn:aws:lambda:us-east-1:017000801446:layer:${name}`
  assert.equal(packageOfLayer(arn('AWSLambdaPowertoolsPythonV2:21')), 'aws-lambda-powertools[all]>=2,<3')
  assert.equal(packageOfLayer(arn('AWSLambdaPowertoolsPythonV2-Arm64:21')), 'aws-lambda-powertools[all]>=2,<3')
  assert.equal(
    packageOfLayer(arn('AWSLambdaPowertoolsPythonV3-python311-x86_64:7')),
    'aws-lambda-powertools[all]>=3,<4',
  )
  assert.equal(packageOfLayer(arn('aws-otel-python-amd64-ver-1-25-0:1')), undefined)
})

test("DataKit's layer is known by its name, of any account, region and architecture", () => {
  for (const layer of [
    'arn:aws:lambda:us-east-1:123456789012:layer:Datakit-x86_64:1',
    'arn:aws-cn:lambda:cn-north-1:123456789012:layer:DataKit-ARM64:12',
    'DatakitLayer',
  ])
    assert.ok(isDatakitLayer(layer), layer)
  for (const layer of [
    'arn:aws:lambda:us-east-1:464622532012:layer:Datadog-Python311:118',
    'arn:aws:lambda:us-east-1:datakit:layer:other:1',
    'LibraryLayer',
  ])
    assert.ok(!isDatakitLayer(layer), layer)
})
