// How asynchronous invocations end and what is provisioned, as templates say it.
import assert from 'node:assert/strict'
import test from 'node:test'
import { makeApp, read } from './app-fixture.ts'

const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:q'

test('SAM: EventInvokeConfig, DeadLetterQueue and ProvisionedConcurrencyConfig are the function’s', async (t) => {
  const template = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      Handler: bootstrap
      CodeUri: .
      AutoPublishAlias: live
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 }
      DeadLetterQueue: { Type: SQS, TargetArn: '${QUEUE}' }
      EventInvokeConfig:
        MaximumRetryAttempts: 0
        MaximumEventAgeInSeconds: 60
        DestinationConfig:
          OnSuccess: { Type: SQS, Destination: '${QUEUE}' }
          OnFailure: { Type: Lambda, Destination: 'arn:aws:lambda:us-east-1:000000000000:function:other' }
`
  const [spec] = (await read(await makeApp(t, { 'template.yaml': template, bootstrap: '' }))).functions
  assert.equal(spec!.provisionedConcurrency, 2)
  assert.deepEqual(spec!.asynchronous, {
    maximumRetryAttempts: 0,
    maximumEventAgeSeconds: 60,
    onSuccessArn: QUEUE,
    onFailureArn: 'arn:aws:lambda:us-east-1:000000000000:function:other',
    deadLetterArn: QUEUE,
  })
})

test('CloudFormation: an EventInvokeConfig and an alias beside the function are about it alone', async (t) => {
  const fn = (id: string): string => `
  ${id}:
    Type: AWS::Lambda::Function
    Properties: { Runtime: provided.al2023, Handler: bootstrap, Code: ., Role: r }
`
  const template = `
Resources:
${fn('One')}${fn('Two')}
  Config:
    Type: AWS::Lambda::EventInvokeConfig
    Properties: { FunctionName: !Ref One, Qualifier: $LATEST, MaximumRetryAttempts: 1 }
  Live:
    Type: AWS::Lambda::Alias
    Properties:
      FunctionName: !GetAtt One.Arn
      FunctionVersion: $LATEST
      Name: live
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 1 }
`
  const [one, two] = (await read(await makeApp(t, { 'template.yaml': template, bootstrap: '' }))).functions
  assert.deepEqual([one!.asynchronous, one!.provisionedConcurrency], [{ maximumRetryAttempts: 1 }, 1])
  assert.deepEqual([two!.asynchronous, two!.provisionedConcurrency], [undefined, undefined])
})
