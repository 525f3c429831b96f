import assert from 'node:assert/strict'
import test from 'node:test'
import { foreignLayer } from './foreign-layer.ts'
import { isDatakitLayer } from './layer.ts'

function packagesOf(name: string): readonly string[] | undefined {
  return foreignLayer(`arn:aws:lambda:us-east-1:017000801446:layer:${name}`)?.packages
}

test('a Powertools layer stands for the version that was published in it', () => {
  for (const [layer, version] of [
    ['AWSLambdaPowertoolsPythonV2:21', '2,<=2.8.0'],
    ['AWSLambdaPowertoolsPythonV2-Arm64:21', '2,<=2.8.0'],
    ['AWSLambdaPowertoolsPythonV2:28', '2,<=2.13.0'],
    ['AWSLambdaPowertoolsPythonV2:79', '2,<=2.43.1'],
    ['AWSLambdaPowertoolsPythonV3-python311-x86_64:7', '3,<=3.5.0'],
    ['AWSLambdaPowertoolsPythonV3-python313-arm64:12', '3,<=3.10.0'],
  ] as const)
    assert.deepEqual(packagesOf(layer), [`aws-lambda-powertools[all]>=${version}`], layer)
  assert.equal(packagesOf('AWSLambdaPowertoolsTypeScriptV2:15')?.[0], '@aws-lambda-powertools/logger@>=2.0.0 <=2.10.0')
  assert.equal(packagesOf('AWSLambdaPowertoolsTypeScript:20')?.[2], '@aws-lambda-powertools/tracer@>=1.0.0 <=1.13.1')
})

test('a number that no table has takes the nearest and says so', () => {
  const newer = foreignLayer('arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV2:500')
  assert.equal(newer?.nearest, 'aws-lambda-powertools 2.43.1')
  assert.equal(
    foreignLayer('arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV2:21')?.nearest,
    undefined,
  )
  assert.equal(packagesOf('LambdaInsightsExtension:53'), undefined)
})

test("Datadog's layers stand for the package of their version: each form of ARN, partition and runtime", () => {
  for (const runtime of ['38', '39', '310', '311', '312', '313'])
    for (const arn of [
      `arn:aws:lambda:us-east-1:464622532012:layer:Datadog-Python${runtime}:118`,
      `arn:aws:lambda:eu-west-1:464622532012:layer:Datadog-Python${runtime}-ARM:118`,
      // as printed in guides, and as the cloud spells the partition
      `arn:aws-us-gov:lambda:us-gov-west-1:002406178527:layer:Datadog-Python${runtime}:118`,
      `arn:aws-us-gov:lambda:us-gov-east-1:002406178527:layer:Datadog-Python${runtime}-ARM:118`,
      `arn:aws-cn:lambda:cn-north-1:464622532012:layer:Datadog-Python${runtime}:118`,
    ])
      assert.deepEqual(foreignLayer(arn)?.packages, ['datadog-lambda<8.119'], arn)
  const version = (number: number): string | undefined => packagesOf(`Datadog-Python39:${number}`)?.[0]
  assert.deepEqual(
    [112, 110, 94, 61].map(version),
    [7, 6, 5, 4].map((major, i) => `datadog-lambda<${major}.${[113, 111, 95, 62][i]}`),
  )
  assert.equal(version(1), undefined)
  assert.deepEqual(packagesOf('Datadog-Node20-x:120'), ['datadog-lambda-js@<=9.120.99', 'dd-trace'])
  assert.equal(packagesOf('Datadog-Extension:80'), undefined)
})

test("ADOT's layers for Python stand for OpenTelemetry of their version, with the wrapper that they bring", () => {
  const layer = foreignLayer('arn:aws:lambda:us-east-1:901920570463:layer:aws-otel-python-amd64-ver-1-25-0:1')
  assert.ok(layer)
  assert.ok(layer.packages.includes('opentelemetry-sdk<=1.25.0'))
  assert.ok(layer.packages.includes('opentelemetry-instrumentation-aws-lambda<=0.46b0'))
  assert.ok(layer.files?.['otel-instrument']?.startsWith('#!/bin/sh'))
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
