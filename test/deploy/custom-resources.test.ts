// Custom resources of an app that is deployed from its directory: their functions are called as CloudFormation calls them,
// and what they answer is in later resources, in variables and in outputs. What fails leaves everything as it was.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  eventuallyHolds,
  runFnscope,
  runPython,
  startFnscope,
  temporaryDir,
  type StartedFnscope,
} from '../started-fnscope.ts'

const dir = temporaryDir('custom')
const dataDir = temporaryDir('custom-data')
const app = join(dir, 'custom-app')
let fnscope: StartedFnscope

const CODE = `
import json, os, urllib.request
def make(event, context):
    asked = event['ResourceProperties']
    print('CALLED ' + event['RequestType'] + ' ' + asked['Name'])
    old = event.get('OldResourceProperties', {}).get('Name', '')
    status = 'FAILED' if asked['Name'] == 'bad' else 'SUCCESS'
    value = ' '.join(filter(None, [event['RequestType'], old, asked['Name'], asked.get('From')]))
    answer = {'Status': status, 'Reason': 'a bad name', 'PhysicalResourceId': 'made-' + event['LogicalResourceId'],
              'StackId': event['StackId'], 'RequestId': event['RequestId'], 'LogicalResourceId': event['LogicalResourceId'],
              'Data': {'Value': value, 'Names': [asked['Name']]}}
    urllib.request.urlopen(urllib.request.Request(event['ResponseURL'], json.dumps(answer).encode(), method='PUT'))
def read(event, context):
    return {name: value for name, value in os.environ.items() if name.startswith('SEED')}
`

interface Shape {
  readonly name: string
  readonly second?: string
  readonly extra?: string
}

/** The first custom resource; the second one has the first one's answer, the reader that of both. */
const template = ({ name, second = 'two', extra = '' }: Shape): string => `
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.11, CodeUri: code/}}
Resources:
  Maker: {Type: AWS::Serverless::Function, Properties: {Handler: app.make}}
  First:
    Type: Custom::Seed
    Properties: {ServiceToken: !GetAtt Maker.Arn, Name: ${name}}
  Second:
    Type: AWS::CloudFormation::CustomResource
    Properties: {ServiceToken: !GetAtt Maker.Arn, Name: ${second}, From: !GetAtt First.Value}
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.read
      Environment: {Variables: {SEED: !GetAtt First.Value, SEED_TWO: !GetAtt Second.Value, SEED_REF: !Ref First}}
  Left:
    Type: AWS::Serverless::Function
    DeletionPolicy: Retain
    Properties: {FunctionName: left-behind, Handler: app.read, Environment: {Variables: {SEED: left}}}
${extra}
Outputs:
  Seed: {Value: !GetAtt First.Value}
`

const write = (shape: Shape): void => writeFileSync(join(app, 'template.yaml'), template(shape))
const deploy = async (): Promise<{ readonly code: number | null; readonly text: string }> => {
  const { code, stdout, stderr } = await runFnscope(['deploy', app], { ...fnscope.clientEnv, FNSCOPE_URL: fnscope.url })
  return { code, text: stdout + stderr }
}

const boto = async <Answer>(code: string): Promise<Answer> =>
  await runPython<Answer>(
    `
import boto3, json
out = {}
cf, lam = boto3.client('cloudformation'), boto3.client('lambda')
def call(name): return json.loads(lam.invoke(FunctionName=name)['Payload'].read())
def names(): return sorted(one['FunctionName'] for one in lam.list_functions()['Functions'])
def resources(): return {one['LogicalResourceId']: [one['ResourceStatus'], one['PhysicalResourceId']] for one in cf.describe_stack_resources(StackName='custom-app')['StackResources'] if one['ResourceType'].startswith(('Custom', 'AWS::CloudF'))}
${code}
print(json.dumps(out, default=str))`,
    fnscope.clientEnv,
  )

const calls = async (): Promise<readonly string[]> => {
  const { stdout } = await runFnscope(['logs', 'Maker', '--json'], { ...fnscope.clientEnv, FNSCOPE_URL: fnscope.url })
  return [...stdout.matchAll(/CALLED (\w+ \w+)/g)].map(([, said]) => said!)
}

before(async () => {
  mkdirSync(join(app, 'code'), { recursive: true })
  writeFileSync(join(app, 'code/app.py'), CODE)
  fnscope = await startFnscope({ dataDir })
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  for (const one of [dir, dataDir]) rmSync(one, { recursive: true, force: true })
})

test('the first deploy creates them; what they answer is in each other, in variables and in outputs', async () => {
  write({ name: 'one' })
  const { code, text } = await deploy()
  assert.equal(code, 0, text)
  const answer = await boto<Record<string, unknown>>(`
out['read'], out['resources'] = call('Reader'), resources()
out['outputs'] = cf.describe_stacks(StackName='custom-app')['Stacks'][0]['Outputs'][0]['OutputValue']
`)
  assert.deepEqual(answer, {
    read: { SEED: 'Create one', SEED_TWO: 'Create two Create one', SEED_REF: 'made-First' },
    resources: { First: ['CREATE_COMPLETE', 'made-First'], Second: ['CREATE_COMPLETE', 'made-Second'] },
    outputs: 'Create one',
  })
})

test('a deploy that says the same calls nothing; one that differs is an update with the properties before', async () => {
  assert.equal((await deploy()).code, 0)
  assert.deepEqual((await boto<{ readonly read: object }>("out['read'] = call('Reader')")).read, {
    SEED: 'Create one',
    SEED_TWO: 'Create two Create one',
    SEED_REF: 'made-First',
  })
  write({ name: 'three' })
  assert.equal((await deploy()).code, 0)
  assert.deepEqual((await boto<{ readonly read: object }>("out['read'] = call('Reader')")).read, {
    SEED: 'Update one three',
    SEED_TWO: 'Update two two Update one three',
    SEED_REF: 'made-First',
  })
})

test('one that fails fails the deploy with its reason, and everything is as it was', async () => {
  const extra = '  Added: {Type: AWS::Serverless::Function, Properties: {Handler: app.read}}\n'
  write({ name: 'four', second: 'bad', extra })
  const { code, text } = await deploy()
  assert.equal(code, 1)
  assert.match(text, /Stack custom-app was not deployed: Second failed\. .*Message returned: a bad name/)
  assert.match(text, /FNS_DEPLOY_FAILED/)
  const answer = await boto<Record<string, unknown>>("out['read'], out['names'] = call('Reader'), names()")
  assert.deepEqual(answer['read'], {
    SEED: 'Update one three',
    SEED_TWO: 'Update two two Update one three',
    SEED_REF: 'made-First',
  })
  assert.equal((answer['names'] as string[]).filter((name) => name.includes('Added')).length, 0)
  // CloudFormation has the answers before the functions have ended, and the log is stored after that.
  await eventuallyHolds(async () =>
    assert.deepEqual((await calls()).slice(-3), ['Update four', 'Update bad', 'Update three']),
  )
})

test('after a restart the app deploys without a call, its answers are known', async () => {
  await fnscope.stop()
  write({ name: 'three' })
  fnscope = await startFnscope({ dataDir, app })
  const answer = await boto<Record<string, unknown>>("out['read'] = call('Reader')['SEED']")
  assert.equal(answer['read'], 'Update one three')
})

test('one that the template no longer has is deleted, also when its function goes with it', async () => {
  const other =
    '  Other:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: !Ref AWS::NoValue\n      Handler: index.send\n' +
    '      InlineCode: |\n        import cfnresponse\n        def send(event, context):\n' +
    "          print('CALLED', event['RequestType'], event['ResourceProperties']['Name'])\n" +
    '          cfnresponse.send(event, context, cfnresponse.SUCCESS, {}, "other")\n' +
    '  Third: {Type: "Custom::Other", Properties: {ServiceToken: !GetAtt Other.Arn, Name: three}}\n'
  write({ name: 'three', extra: other })
  assert.equal((await deploy()).code, 0)
  write({ name: 'three' })
  assert.equal((await deploy()).code, 0)
  await eventuallyHolds(async () => {
    const { stdout } = await runFnscope(['logs', '--json'], { ...fnscope.clientEnv, FNSCOPE_URL: fnscope.url })
    assert.match(stdout, /CALLED Delete three/)
  })
  const { names } = await boto<{ readonly names: readonly string[] }>("out['names'] = names()")
  assert.equal(names.filter((name) => name.includes('Other')).length, 0)
})

test('remove deletes them in the other direction; a function that is retained stays, and runs', async () => {
  const { code, stderr } = await runFnscope(['remove', 'custom-app'], {
    ...fnscope.clientEnv,
    FNSCOPE_URL: fnscope.url,
  })
  assert.equal(code, 0, stderr)
  await eventuallyHolds(async () => {
    const { stdout } = await runFnscope(['logs', '--json'], { ...fnscope.clientEnv, FNSCOPE_URL: fnscope.url })
    const said = [...stdout.matchAll(/CALLED (\w+ \w+)/g)].map(([, each]) => each!)
    assert.deepEqual(said.slice(-2), ['Delete two', 'Delete three'])
  })
  const answer = await boto<Record<string, unknown>>("out['names'], out['left'] = names(), call('left-behind')")
  assert.deepEqual(answer, { names: ['left-behind'], left: { SEED: 'left' } })
})

test('a name that the function left behind has is taken', async () => {
  const { code, text } = await deploy()
  assert.equal(code, 1)
  assert.match(text, /'left-behind' already exists.*made by hand or left by its stack/)
})
