import assert from 'node:assert/strict'
import test from 'node:test'
import { packageOfLayer } from './foreign-layer.ts'
import { isDatakitLayer } from './layer.ts'

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

test("Datadog's layers stand for the package of their version, in each partition and for each architecture", () => {
  for (const arn of [
    'arn:aws:lambda:us-east-1:464622532012:layer:Datadog-Python311:118',
    'arn:aws:lambda:eu-west-1:464622532012:layer:Datadog-Python313-ARM:118',
    'arn:aws-us-gov:lambda:us-gov-west-1:002406178527:layer:Datadog-Python38:118',
    'arn:aws-us-gov:lambda:us-gov-west-1:002406178527:layer:Datadog-Python312-ARM:118',
  ])
    assert.equal(packageOfLayer(arn), 'datadog-lambda<8.119', arn)
  const version = (number: number): string | undefined =>
    packageOfLayer(`arn:aws:lambda:us-east-1:464622532012:layer:Datadog-Python39:${number}`)
  assert.deepEqual(
    [112, 110, 94, 61].map(version),
    [7, 6, 5, 4].map((major, i) => `datadog-lambda<${major}.${[113, 111, 95, 62][i]}`),
  )
  assert.equal(version(1), undefined)
  assert.equal(packageOfLayer('arn:aws:lambda:us-east-1:464622532012:layer:Datadog-Extension:80'), undefined)
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
