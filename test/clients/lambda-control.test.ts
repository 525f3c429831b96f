// Lambda's control plane as unmodified boto3 and the aws CLI use it: functions made, changed, versioned and deleted.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { runClient, runPython, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'

let fnscope: StartedFnscope
const dataDir = temporaryDir('data')

before(async () => {
  fnscope = await startFnscope({ dataDir })
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

const boto = <Answer>(code: string): Promise<Answer> =>
  runPython<Answer>(
    `
import boto3, io, json, zipfile
from botocore.exceptions import ClientError
out = {}
def code(call, **arguments):
    try: call(**arguments)
    except ClientError as e: return [e.response['Error']['Code'], e.response['ResponseMetadata']['HTTPStatusCode'], e.response['Error']['Message']]
    return None
def zipped(text, name='app.py'):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w') as z: z.writestr(name, text)
    return buffer.getvalue()
HANDLER = '''
import os
def handler(event, context):
    return [%r, os.environ.get('GREETING'), context.function_version, os.environ['AWS_LAMBDA_FUNCTION_VERSION']]
'''
ROLE = 'arn:aws:iam::000000000000:role/worker'
c = boto3.client('lambda')
def call(name, **arguments):
    answer = c.invoke(FunctionName=name, **arguments)
    return [json.loads(answer['Payload'].read()), answer['ExecutedVersion']]
${code}
print(json.dumps(out, default=str))`,
    fnscope.clientEnv,
  )

test('a function is made, called, changed in code and configuration, and its tracing grants the right to write', async () => {
  const answer = await boto<Record<string, unknown>>(`
iam = boto3.client('iam')
iam.create_role(RoleName='worker', AssumeRolePolicyDocument='{}')
made = c.create_function(FunctionName='greeter', Runtime='python3.11', Role=ROLE, Handler='app.handler', Code={'ZipFile': zipped(HANDLER % 'one')}, Timeout=10, Tags={'a': '1'})
out['made'] = [made['FunctionArn'], made['State'], made['Version'], made['MemorySize'], made['TracingConfig']['Mode']]
c.get_waiter('function_active_v2').wait(FunctionName='greeter')
out['first'] = call('greeter')
out['again'] = code(c.create_function, FunctionName='greeter', Runtime='python3.11', Role=ROLE, Handler='app.handler', Code={'ZipFile': zipped('')})
changed = c.update_function_configuration(FunctionName='greeter', Environment={'Variables': {'GREETING': 'hi'}}, TracingConfig={'Mode': 'Active'}, MemorySize=256)
c.get_waiter('function_updated_v2').wait(FunctionName='greeter')
out['changed'] = [changed['MemorySize'], changed['TracingConfig']['Mode'], changed['Timeout'], changed['RevisionId'] != made['RevisionId']]
out['granted'] = [p['PolicyName'] for p in iam.list_attached_role_policies(RoleName='worker')['AttachedPolicies']]
out['second'] = call('greeter')
updated = c.update_function_code(FunctionName='greeter', ZipFile=zipped(HANDLER % 'two'))
out['code'] = updated['CodeSha256'] != made['CodeSha256']
out['third'] = call('greeter')
out['refused'] = [
  code(c.update_function_configuration, FunctionName='greeter', RevisionId=made['RevisionId'], Timeout=5)[:2],
  code(c.update_function_configuration, FunctionName='greeter', Timeout=1000)[0],
  code(c.update_function_code, FunctionName='greeter', ZipFile=b'no zip')[0],
  code(c.get_function, FunctionName='nobody')]
fresh = dict(FunctionName='fresh', Role=ROLE, Handler='app.handler', Code={'ZipFile': zipped(HANDLER % 'one')})
out['runtimes'] = [
  [*code(c.create_function, **fresh, Runtime='nodejs99.x')[:2], 'fresh' in [f['FunctionName'] for f in c.list_functions()['Functions']]],
  code(c.update_function_configuration, FunctionName='greeter', Runtime='nodejs99.x')[2],
  c.create_function(**fresh, Runtime='python3.7')['Runtime']]
c.delete_function(FunctionName='fresh')
got = c.get_function(FunctionName='greeter')
out['got'] = [got['Tags'], got['Configuration']['Role'], got['Configuration']['LastUpdateStatus']]
out['list'] = [f['FunctionName'] for f in c.list_functions()['Functions']]
out['account'] = c.get_account_settings()['AccountUsage']['FunctionCount']`)
  const { runtimes, ...rest } = answer
  const [refused, words, old] = runtimes as readonly unknown[]
  assert.deepEqual(refused, ['InvalidParameterValueException', 400, false])
  assert.match(
    String(words),
    /^Value nodejs99\.x at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[nodejs, .*, provided\.al2023\] or be a valid ARN$/,
  )
  assert.equal(old, 'python3.7')
  assert.deepEqual(rest, {
    made: ['arn:aws:lambda:us-east-1:000000000000:function:greeter', 'Active', '$LATEST', 128, 'PassThrough'],
    first: [['one', null, '$LATEST', '$LATEST'], '$LATEST'],
    again: ['ResourceConflictException', 409, 'Function already exist: greeter'],
    changed: [256, 'Active', 10, true],
    granted: ['AWSXRayDaemonWriteAccess'],
    second: [['one', 'hi', '$LATEST', '$LATEST'], '$LATEST'],
    code: true,
    third: [['two', 'hi', '$LATEST', '$LATEST'], '$LATEST'],
    refused: [
      ['PreconditionFailedException', 412],
      'InvalidParameterValueException',
      'InvalidParameterValueException',
      ['ResourceNotFoundException', 404, 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody'],
    ],
    got: [{ a: '1' }, 'arn:aws:iam::000000000000:role/worker', 'Successful'],
    list: ['greeter'],
    account: 1,
  })
})

test('a published version keeps code and tracing; an alias leads to it, by weight to two', async () => {
  const answer = await boto<Record<string, unknown>>(`
one = c.publish_version(FunctionName='greeter', Description='first')
out['same'] = c.publish_version(FunctionName='greeter')['Version']
c.update_function_code(FunctionName='greeter', ZipFile=zipped(HANDLER % 'three'))
c.update_function_configuration(FunctionName='greeter', TracingConfig={'Mode': 'PassThrough'})
two = c.publish_version(FunctionName='greeter')
out['versions'] = [one['Version'], two['Version'], [v['Version'] for v in c.list_versions_by_function(FunctionName='greeter')['Versions']]]
out['tracing'] = c.get_function_configuration(FunctionName='greeter', Qualifier='1')['TracingConfig']['Mode']
out['immutable'] = code(c.update_function_configuration, FunctionName='greeter:1', TracingConfig={'Mode': 'PassThrough'})[0]
out['old'] = call('greeter', Qualifier='1')
out['new'] = call('greeter:2')
c.create_alias(FunctionName='greeter', Name='live', FunctionVersion='1')
out['alias'] = call('greeter:live')
c.update_alias(FunctionName='greeter', Name='live', FunctionVersion='1', RoutingConfig={'AdditionalVersionWeights': {'2': 1.0}})
out['weighted'] = call('greeter', Qualifier='live')
out['held'] = code(c.delete_function, FunctionName='greeter', Qualifier='2')[0]
out['missing'] = [code(c.get_function, FunctionName='greeter', Qualifier='9')[2], code(c.get_alias, FunctionName='greeter', Name='no')[2]]
c.delete_alias(FunctionName='greeter', Name='live')
c.delete_function(FunctionName='greeter', Qualifier='2')
out['left'] = [v['Version'] for v in c.list_versions_by_function(FunctionName='greeter')['Versions']]`)
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:greeter'
  assert.deepEqual(answer, {
    same: '1',
    versions: ['1', '2', ['$LATEST', '1', '2']],
    tracing: 'Active',
    immutable: 'InvalidParameterValueException',
    old: [['two', 'hi', '1', '1'], '1'],
    new: [['three', 'hi', '2', '2'], '2'],
    alias: [['two', 'hi', '1', '1'], '1'],
    weighted: [['three', 'hi', '2', '2'], '2'],
    held: 'ResourceConflictException',
    missing: [`Function not found: ${arn}:9`, `Alias not found: ${arn}:no`],
    left: ['$LATEST', '1'],
  })
})

test('layers, permissions, concurrency, retries, tags and URLs are set, shown and taken away', async () => {
  const answer = await boto<Record<string, unknown>>(`
layer = c.publish_layer_version(LayerName='tools', Content={'ZipFile': zipped('NAME = "from the layer"', 'python/tools.py')}, CompatibleRuntimes=['python3.11'])
c.create_function(FunctionName='layered', Runtime='python3.11', Role=ROLE, Handler='app.handler', Layers=[layer['LayerVersionArn']], Code={'ZipFile': zipped('import tools\\ndef handler(e, c): return tools.NAME')})
out['layer'] = [layer['Version'], call('layered')[0], c.get_function_configuration(FunctionName='layered')['Layers'][0]['Arn'] == layer['LayerVersionArn']]
try: c.update_function_configuration(FunctionName='layered', Layers=['tools'])
except Exception as e: out['no arn'] = [e.response['Error']['Code'], e.response['Error']['Message'][:96]]
out['layers'] = [c.list_layers()['Layers'][0]['LayerName'], c.get_layer_version_by_arn(Arn=layer['LayerVersionArn'])['Version']]
c.add_permission(FunctionName='layered', StatementId='api', Action='lambda:InvokeFunction', Principal='apigateway.amazonaws.com')
out['policy'] = json.loads(c.get_policy(FunctionName='layered')['Policy'])['Statement'][0]['Principal']
c.remove_permission(FunctionName='layered', StatementId='api')
out['none'] = code(c.get_policy, FunctionName='layered')[:2]
c.put_function_concurrency(FunctionName='layered', ReservedConcurrentExecutions=0)
out['throttled'] = code(c.invoke, FunctionName='layered')[0]
out['reserved'] = c.get_function_concurrency(FunctionName='layered')['ReservedConcurrentExecutions']
c.delete_function_concurrency(FunctionName='layered')
out['free'] = call('layered')[0]
c.put_function_event_invoke_config(FunctionName='layered', MaximumRetryAttempts=0)
out['retries'] = c.get_function_event_invoke_config(FunctionName='layered')['MaximumRetryAttempts']
arn = c.get_function_configuration(FunctionName='layered')['FunctionArn']
c.tag_resource(Resource=arn, Tags={'x': 'y', 'z': '1'}); c.untag_resource(Resource=arn, TagKeys=['z'])
out['tags'] = c.list_tags(Resource=arn)['Tags']
url = c.create_function_url_config(FunctionName='layered', AuthType='NONE')['FunctionUrl']
import time, urllib.request
out['url'] = urllib.request.urlopen(url).read().decode()
out['twice'] = code(c.create_function_url_config, FunctionName='layered', AuthType='NONE')[0]
c.delete_function_url_config(FunctionName='layered')
out['gone'] = code(c.get_function_url_config, FunctionName='layered')[0]
source = c.create_event_source_mapping(FunctionName='layered', EventSourceArn='arn:aws:sqs:us-east-1:000000000000:queue', Enabled=False)
out['source'] = [c.get_event_source_mapping(UUID=source['UUID'])['BatchSize'], len(c.list_event_source_mappings(FunctionName='layered')['EventSourceMappings'])]
c.delete_event_source_mapping(UUID=source['UUID'])
out['sources'] = c.list_event_source_mappings()['EventSourceMappings']`)
  assert.deepEqual(answer, {
    layer: [1, 'from the layer', true],
    'no arn': [
      'ValidationException',
      "1 validation error detected: Value '[tools]' at 'layers' failed to satisfy constraint: Member mu",
    ],
    layers: ['tools', 1],
    policy: { Service: 'apigateway.amazonaws.com' },
    none: ['ResourceNotFoundException', 404],
    throttled: 'TooManyRequestsException',
    reserved: 0,
    free: 'from the layer',
    retries: 0,
    tags: { x: 'y' },
    url: '"from the layer"',
    twice: 'ResourceConflictException',
    gone: 'ResourceNotFoundException',
    source: [10, 1],
    sources: [],
  })
})

test("functions, versions and aliases are there after a restart, and the guide's commands change them", async () => {
  await boto(`c.create_alias(FunctionName='greeter', Name='stable', FunctionVersion='1')`)
  await fnscope.stop()
  fnscope = await startFnscope({ dataDir })
  const tracing = [
    'lambda',
    'update-function-configuration',
    '--function-name',
    'greeter',
    '--tracing-config',
    'Mode=Active',
  ]
  const ran = await runClient('aws', tracing, fnscope.clientEnv)
  assert.equal(ran.code, 0, ran.stderr)
  const { TracingConfig } = JSON.parse(ran.stdout) as { readonly TracingConfig: object }
  assert.deepEqual(TracingConfig, { Mode: 'Active' })
  const answer = await boto<Record<string, unknown>>(`
out['stable'] = call('greeter:stable')
out['layered'] = call('layered')[0]
c.delete_function(FunctionName='greeter'); c.delete_function(FunctionName='layered')
out['left'] = c.list_functions()['Functions']`)
  assert.deepEqual(answer, { stable: [['two', 'hi', '1', '1'], '1'], layered: 'from the layer', left: [] })
})
