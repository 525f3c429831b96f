// Stacks over boto3: nested ones are stacks of their own, layers are numbered, a rollback that failed is continued.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { runPython, startFnscope, type StartedFnscope } from '../started-fnscope.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(() => fnscope[Symbol.asyncDispose]())

/** Runs Python that fills `out`; `settled` waits for the end of a change and answers the stack. */
const boto = <Answer>(code: string): Promise<Answer> =>
  runPython<Answer>(
    `
import boto3, io, json, time, zipfile
from botocore.exceptions import ClientError
out = {}
cf, s3, ssm, lam = (boto3.client(name) for name in ('cloudformation', 's3', 'ssm', 'lambda'))
def stack(name): return cf.describe_stacks(StackName=name)['Stacks'][0]
def settled(name):
    while stack(name)['StackStatus'].endswith('_IN_PROGRESS'): time.sleep(0.1)
    return stack(name)
def make(name, template):
    cf.create_stack(StackName=name, TemplateBody=json.dumps(template), Capabilities=['CAPABILITY_IAM'])
    return settled(name)
def update(name, template):
    cf.update_stack(StackName=name, TemplateBody=json.dumps(template), Capabilities=['CAPABILITY_IAM'])
    return settled(name)
def outputs(stack): return {one['OutputKey']: one['OutputValue'] for one in stack.get('Outputs', [])}
def statuses(name): return [(one['LogicalResourceId'], one['ResourceStatus']) for one in reversed(cf.describe_stack_events(StackName=name)['StackEvents'])]
def message(call, **arguments):
    try: call(**arguments)
    except ClientError as e: return e.response['Error']['Message']
def put(key, template): s3.put_object(Bucket='templates', Key=key, Body=json.dumps(template).encode())
def zipped(**files):
    body = io.BytesIO()
    with zipfile.ZipFile(body, 'w') as archive:
        for name, text in files.items(): archive.writestr(zipfile.ZipInfo(name.replace('__', '/')), text)
    return body.getvalue()
def parameter(name, value): return {'Type': 'AWS::SSM::Parameter', 'Properties': {'Name': name, 'Type': 'String', 'Value': value}}
def nested(key, **parameters): return {'Type': 'AWS::CloudFormation::Stack', 'Properties': {'TemplateURL': 'https://templates.s3.amazonaws.com/' + key, 'Parameters': parameters}}
def function(code, **more): return {'Type': 'AWS::Lambda::Function', 'Properties': {'Runtime': 'python3.11', 'Handler': 'index.handler', 'Role': 'arn:aws:iam::000000000000:role/r', 'Code': code, **more}}
try: s3.create_bucket(Bucket='templates')
except ClientError: pass
${code}
print(json.dumps(out, default=str))`,
    fnscope.clientEnv,
  )

const NESTED = `
child = lambda value: {'Parameters': {'Stage': {'Type': 'String'}}, 'Resources': {
  'Value': parameter('/nested/value', value),
  'Greet': function({'ZipFile': 'def handler(event, context): return "nested"'}),
  'Inner': nested('grandchild.json')},
  'Outputs': {'Said': {'Value': {'Fn::Sub': '\${Stage}-said'}}, 'Greet': {'Value': {'Ref': 'Greet'}}, 'Id': {'Value': {'Ref': 'AWS::StackId'}}}}
parent = lambda **more: {'Resources': {'Nested': nested('child.json', Stage='dev'), **more}, 'Outputs': {
  'Said': {'Value': {'Fn::GetAtt': ['Nested', 'Outputs.Said']}}, 'Greet': {'Value': {'Fn::GetAtt': ['Nested', 'Outputs.Greet']}}, 'Nested': {'Value': {'Ref': 'Nested'}}}}
`

test('a nested stack is a stack of its own, with its parent and root, its events and outputs', async () => {
  const answer = await boto<Record<string, unknown>>(`${NESTED}
put('grandchild.json', {'Resources': {'Deep': parameter('/nested/deep', 'deep')}})
put('child.json', child('one'))
root = make('outer', parent())
said = outputs(root)
inner = stack(said['Nested'])
[grandchild] = [one for one in cf.describe_stack_resources(StackName=inner['StackId'])['StackResources'] if one['LogicalResourceId'] == 'Inner']
deep = stack(grandchild['PhysicalResourceId'])
out['status'] = [root['StackStatus'], inner['StackStatus'], deep['StackStatus']]
out['parents'] = [root.get('ParentId'), inner['ParentId'] == root['StackId'], inner['RootId'] == root['StackId'], deep['ParentId'] == inner['StackId'], deep['RootId'] == root['StackId']]
out['name'] = inner['StackName'].startswith('outer-Nested-')
out['said'] = said['Said']
out['own id'] = outputs(inner)['Id'] == inner['StackId'] == said['Nested']
out['listed'] = sorted(one['StackName'] for one in cf.list_stacks()['StackSummaries']) == sorted([root['StackName'], inner['StackName'], deep['StackName']])
out['parameters'] = [[one['ParameterKey'], one['ParameterValue']] for one in inner['Parameters']]
out['events'] = [status for name, status in statuses(inner['StackName']) if name == inner['StackName']]
out['outer events'] = [status for name, status in statuses('outer') if name == 'Nested']
out['called'] = json.loads(lam.invoke(FunctionName=said['Greet'])['Payload'].read())
`)
  assert.deepEqual(answer['status'], ['CREATE_COMPLETE', 'CREATE_COMPLETE', 'CREATE_COMPLETE'])
  assert.deepEqual(answer['parents'], [null, true, true, true, true])
  assert.deepEqual([answer['name'], answer['own id'], answer['listed']], [true, true, true])
  assert.equal(answer['said'], 'dev-said')
  assert.deepEqual(answer['parameters'], [['Stage', 'dev']])
  assert.deepEqual(answer['events'], ['CREATE_IN_PROGRESS', 'CREATE_COMPLETE'])
  assert.deepEqual(answer['outer events'], ['CREATE_IN_PROGRESS', 'CREATE_IN_PROGRESS', 'CREATE_COMPLETE'])
  assert.equal(answer['called'], 'nested')
})

test('a nested template that changed in its place updates its stack; a failure beside it takes that back', async () => {
  const answer = await boto<Record<string, unknown>>(`${NESTED}
value = lambda: ssm.get_parameter(Name='/nested/value')['Parameter']['Value']
inner = outputs(stack('outer'))['Nested']
put('child.json', child('two'))
s3.create_bucket(Bucket='taken-by-somebody')
taken = {'Type': 'AWS::S3::Bucket', 'DependsOn': 'Nested', 'Properties': {'BucketName': 'taken-by-somebody'}}
out['failed'] = update('outer', parent(Taken=taken))['StackStatus']
out['inner'] = [stack(inner)['StackStatus'], value()]
out['changed'] = update('outer', parent())['StackStatus']
out['after'] = [stack(inner)['StackStatus'], value()]
out['again'] = message(cf.update_stack, StackName='outer', TemplateBody=json.dumps(parent()))
`)
  assert.deepEqual(answer, {
    failed: 'UPDATE_ROLLBACK_COMPLETE',
    inner: ['UPDATE_ROLLBACK_COMPLETE', 'one'],
    changed: 'UPDATE_COMPLETE',
    after: ['UPDATE_COMPLETE', 'two'],
    again: 'No updates are to be performed.',
  })
})

test('nested stacks go with the stack that holds them, and with one that fails', async () => {
  const answer = await boto<Record<string, unknown>>(`${NESTED}
inner = outputs(stack('outer'))['Nested']
cf.delete_stack(StackName='outer')
while cf.list_stacks(StackStatusFilter=['DELETE_IN_PROGRESS'])['StackSummaries']: time.sleep(0.1)
out['inner'] = stack(inner)['StackStatus']
out['by name'] = message(cf.describe_stacks, StackName=inner.split('/')[1])
out['value'] = message(ssm.get_parameter, Name='/nested/value') is not None and message(ssm.get_parameter, Name='/nested/deep') is not None
bad = child('three')
bad['Resources']['Taken'] = {'Type': 'AWS::S3::Bucket', 'DependsOn': 'Value', 'Properties': {'BucketName': 'taken-by-somebody'}}
put('child.json', bad)
failed = make('failing', parent())
out['failed'] = failed['StackStatus']
events = cf.describe_stack_events(StackName='failing')['StackEvents']
out['why'] = next(one['ResourceStatusReason'] for one in events if one['LogicalResourceId'] == 'Nested' and one['ResourceStatus'] == 'CREATE_FAILED')
child_id = next(one['PhysicalResourceId'] for one in events if one['LogicalResourceId'] == 'Nested' and one['PhysicalResourceId'])
out['child'] = [status for name, status in statuses(child_id) if name.startswith('failing-Nested')]
out['left'] = message(ssm.get_parameter, Name='/nested/value') is not None
`)
  assert.equal(answer['inner'], 'DELETE_COMPLETE')
  assert.match(answer['by name'] as string, /does not exist/)
  assert.equal(answer['value'], true)
  assert.equal(answer['failed'], 'ROLLBACK_COMPLETE')
  assert.match(
    answer['why'] as string,
    /^Embedded stack arn:aws:cloudformation:\S+ was not successfully created: The following resource\(s\) failed to create: \[Taken\]/,
  )
  assert.deepEqual(answer['child'], ['CREATE_IN_PROGRESS', 'CREATE_FAILED', 'DELETE_IN_PROGRESS', 'DELETE_COMPLETE'])
  assert.equal(answer['left'], true)
})

test('a nested stack can be changed and deleted by itself; the stack that holds it takes it back', async () => {
  const answer = await boto<Record<string, unknown>>(`${NESTED}
put('grandchild.json', {'Resources': {'Deep': parameter('/nested/deep', 'deep')}})
put('child.json', child('one'))
inner = outputs(make('alone', parent()))['Nested']
says = lambda: json.load(lam.invoke(FunctionName=outputs(stack('alone'))['Greet'])['Payload'])
value = lambda: ssm.get_parameter(Name='/nested/value')['Parameter']['Value']
other = {**child('alone'), 'Resources': {**child('alone')['Resources'], 'Greet': function({'ZipFile': 'def handler(event, context): return "changed"'})}}
given = [{'ParameterKey': 'Stage', 'UsePreviousValue': True}]
out['nothing'] = message(cf.update_stack, StackName=inner, TemplateBody=json.dumps(child('one')), Parameters=given)
cf.create_change_set(StackName=inner, ChangeSetName='c', TemplateBody=json.dumps(other), Parameters=given)
out['changes'] = sorted(one['ResourceChange']['LogicalResourceId'] for one in cf.describe_change_set(StackName=inner, ChangeSetName='c')['Changes'])
cf.execute_change_set(StackName=inner, ChangeSetName='c')
out['updated'] = [settled(inner)['StackStatus'], stack('alone')['StackStatus'], value(), says()]
broken = {**other, 'Resources': {**other['Resources'], 'Value': parameter('/nested/value', 'lost'), 'Bad': {'Type': 'AWS::S3::Bucket', 'DependsOn': 'Value', 'Properties': {'BucketName': 'templates'}}}}
cf.update_stack(StackName=inner, TemplateBody=json.dumps(broken), Parameters=given)
out['failed'] = [settled(inner)['StackStatus'], value(), says()]
out['protected'] = message(cf.update_termination_protection, StackName=inner, EnableTerminationProtection=True)
cf.update_stack(StackName='alone', TemplateBody=json.dumps(parent(More=parameter('/nested/more', 'x'))))
out['taken back'] = [settled('alone')['StackStatus'], value(), says()]
cf.delete_stack(StackName=inner)
out['deleted'] = [settled(inner)['StackStatus'], stack('alone')['StackStatus'], message(ssm.get_parameter, Name='/nested/value') is not None, message(lam.get_function, FunctionName=outputs(stack('alone'))['Greet']) is not None]
cf.update_stack(StackName='alone', TemplateBody=json.dumps(parent()))
out['made again'] = [settled('alone')['StackStatus'], value(), says()]
cf.delete_stack(StackName='alone')
out['gone'] = settled(inner)['StackStatus']
`)
  assert.deepEqual(answer, {
    nothing: 'No updates are to be performed.',
    changes: ['Greet', 'Value'],
    updated: ['UPDATE_COMPLETE', 'CREATE_COMPLETE', 'alone', 'changed'],
    failed: ['UPDATE_ROLLBACK_COMPLETE', 'alone', 'changed'],
    protected: answer['protected'],
    'taken back': ['UPDATE_COMPLETE', 'one', 'nested'],
    deleted: ['DELETE_COMPLETE', 'UPDATE_COMPLETE', true, true],
    'made again': ['UPDATE_COMPLETE', 'one', 'nested'],
    gone: 'DELETE_COMPLETE',
  })
  assert.match(String(answer['protected']), /is nested in \[alone\]/)
})

test('an export is made once, and stays what it is while another stack imports it, by whatever name', async () => {
  const answer = await boto<Record<string, unknown>>(`
exporting = lambda value, name='shared': {'Resources': {'P': parameter('/exports/' + name, value)}, 'Outputs': {'O': {'Value': value, 'Export': {'Name': name}}}}
importing = {'Parameters': {'Name': {'Type': 'String', 'Default': 'shared'}}, 'Resources': {'P': parameter('/exports/imported', {'Fn::ImportValue': {'Fn::Sub': '\${Name}'}})}}
make('exporter', exporting('one'))
make('importer', importing)
out['imported'] = [ssm.get_parameter(Name='/exports/imported')['Parameter']['Value'], cf.list_imports(ExportName='shared')['Imports']]
def reason(name): return [one['ResourceStatusReason'] for one in cf.describe_stack_events(StackName=name)['StackEvents'] if 'xport' in one.get('ResourceStatusReason', '')][:1]
twice = make('twice', {**exporting('two'), 'Resources': {'P': parameter('/exports/twice', 'x')}})
out['twice'] = [twice['StackStatus'], reason('twice')]
changed = update('exporter', exporting('two'))
out['changed'] = [changed['StackStatus'], reason('exporter'), outputs(changed)['O']]
dropped = update('exporter', {**exporting('one'), 'Outputs': {}})
out['dropped'] = [dropped['StackStatus'], reason('exporter')]
out['deleted'] = message(cf.delete_stack, StackName='exporter')
cf.delete_stack(StackName='importer')
settled_id = cf.get_waiter('stack_delete_complete').wait(StackName='importer', WaiterConfig={'Delay': 1})
out['free'] = update('exporter', exporting('two'))['StackStatus']
out['none'] = message(cf.list_imports, ExportName='shared')
`)
  assert.deepEqual(answer, {
    imported: ['one', ['importer']],
    twice: [
      'ROLLBACK_COMPLETE',
      ['Export with name shared is already exported by stack exporter. Rollback requested by user.'],
    ],
    changed: ['UPDATE_ROLLBACK_COMPLETE', ['Export shared cannot be updated as it is in use by importer'], 'one'],
    dropped: ['UPDATE_ROLLBACK_COMPLETE', ['Export shared cannot be deleted as it is in use by importer']],
    deleted: 'Export shared cannot be deleted as it is in use by importer',
    free: 'UPDATE_COMPLETE',
    none: "Export 'shared' is not imported by any stack.",
  })
})

test('a template is validated with the names that it refers to, and one with a macro is refused', async () => {
  const answer = await boto<Record<string, unknown>>(`
topic = lambda name: {'Resources': {'A': {'Type': 'AWS::SNS::Topic', 'Properties': {'TopicName': name}}}}
validate = lambda template: message(cf.validate_template, TemplateBody=json.dumps(template))
out['good'] = [validate(topic({'Fn::Sub': '\${AWS::StackName}-a'})), validate({**topic({'Ref': 'Made'}), 'Transform': 'AWS::Serverless-2016-10-31'})]
out['unknown'] = validate(topic({'Ref': 'Nope'}))
out['macro'] = message(cf.create_stack, StackName='macro', TemplateBody=json.dumps({**topic('a'), 'Transform': 'MyMacro'}), Capabilities=['CAPABILITY_AUTO_EXPAND'])
`)
  assert.deepEqual(answer['good'], [null, null])
  assert.match(
    String(answer['unknown']),
    /^Template format error: Unresolved resource dependencies \[Nope\] in the Resources/,
  )
  assert.match(String(answer['macro']), /^No transform named "MyMacro" found\./)
})

test('a layer that says something else is the next version of its name, and functions name that', async () => {
  const answer = await boto<Record<string, unknown>>(`
def template(key, **more): return {'Resources': {
  'Libs': {'Type': 'AWS::Lambda::LayerVersion', 'Properties': {'LayerName': 'numbered', 'Content': {'S3Bucket': 'templates', 'S3Key': key}}},
  'Reads': function({'ZipFile': 'import said\\ndef handler(event, context): return said.WORD'}, FunctionName='reads-layer', Layers=[{'Ref': 'Libs'}], **more)},
  'Outputs': {'Layer': {'Value': {'Fn::GetAtt': ['Libs', 'LayerVersionArn']}}}}
def look(stack): return [outputs(stack)['Layer'].split('layer:')[1], lam.get_function_configuration(FunctionName='reads-layer')['Layers'][0]['Arn'].split('layer:')[1], json.loads(lam.invoke(FunctionName='reads-layer')['Payload'].read())]
for key, word in (('one.zip', 'one'), ('two.zip', 'two')): s3.put_object(Bucket='templates', Key=key, Body=zipped(**{'python__said.py': 'WORD = "%s"' % word}))
out['made'] = look(make('layered', template('one.zip')))
out['same layer'] = look(update('layered', template('one.zip', Description='another')))
out['changed'] = look(update('layered', template('two.zip', Description='another')))
out['listed'] = [one['Version'] for one in lam.list_layer_versions(LayerName='numbered')['LayerVersions']]
cf.create_change_set(StackName='layered', ChangeSetName='none', TemplateBody=json.dumps(template('two.zip', Description='another')))
out['nothing'] = cf.describe_change_set(StackName='layered', ChangeSetName='none')['Status']
cf.delete_stack(StackName='layered')
`)
  assert.deepEqual(answer, {
    made: ['numbered:1', 'numbered:1', 'one'],
    'same layer': ['numbered:1', 'numbered:1', 'one'],
    changed: ['numbered:2', 'numbered:2', 'two'],
    listed: [2],
    nothing: 'FAILED',
  })
})

test('what a template no longer has stays when it says Retain, and so it does with the stack', async () => {
  const answer = await boto<Record<string, unknown>>(`
kept = lambda name: {'DeletionPolicy': 'Retain', 'UpdateReplacePolicy': 'Delete', **parameter(name, 'kept')}
there = lambda name: message(ssm.get_parameter, Name=name) is None
make('keeps', {'Resources': {'One': kept('/kept/one'), 'Two': kept('/kept/two'), 'Three': parameter('/kept/three', 'v')}})
out['updated'] = update('keeps', {'Resources': {'Two': kept('/kept/two')}})['StackStatus']
out['skipped'] = ('One', 'DELETE_SKIPPED') in statuses('keeps')
cf.delete_stack(StackName='keeps')
out['left'] = [there(name) for name in ('/kept/one', '/kept/two', '/kept/three')]
`)
  assert.deepEqual(answer, { updated: 'UPDATE_COMPLETE', skipped: true, left: [true, true, false] })
})

test('functions that are retained, or retained when replaced, run on without their stack; others go', async () => {
  const answer = await boto<Record<string, unknown>>(`
def kept(name, text, **more): return {**function({'ZipFile': f'def handler(event, context): return "{text}"'}, FunctionName=name), **more}
def call(name): return json.loads(lam.invoke(FunctionName=name)['Payload'].read())
def names(): return sorted(one['FunctionName'] for one in lam.list_functions()['Functions'] if one['FunctionName'].startswith('kept-'))
make('keeps', {'Resources': {
  'Stays': kept('kept-stays', 'stays', DeletionPolicy='Retain'), 'Goes': kept('kept-goes', 'goes'),
  'Once': kept('kept-once', 'once', DeletionPolicy='RetainExceptOnCreate'),
  'Replaced': kept('kept-first', 'first', UpdateReplacePolicy='Retain')}})
update('keeps', {'Resources': {'Goes': kept('kept-goes', 'goes'), 'Once': kept('kept-once', 'once', DeletionPolicy='RetainExceptOnCreate'),
  'Replaced': kept('kept-second', 'second', UpdateReplacePolicy='Retain')}})
out['updated'] = names()
out['skipped'] = [one for one, status in statuses('keeps') if status == 'DELETE_SKIPPED']
cf.delete_stack(StackName='keeps')
out['left'] = {name: call(name) for name in names()}
out['role'] = lam.get_function(FunctionName='kept-stays')['Configuration']['Role']
made = make('again', {'Resources': {'Stays': kept('kept-stays', 'other')}})
out['again'] = [made['StackStatus'], [one['ResourceStatusReason'] for one in cf.describe_stack_events(StackName='again')['StackEvents'] if one['ResourceStatus'] == 'CREATE_FAILED'][0]]
out['still'] = call('kept-stays')
failed = make('created', {'Resources': {'Once': kept('kept-never', 'once', DeletionPolicy='RetainExceptOnCreate'),
  'Taken': {'Type': 'AWS::Lambda::Function', 'DependsOn': 'Once', **{'Properties': kept('kept-stays', 'x')['Properties']}}}})
out['never'] = [failed['StackStatus'], 'kept-never' in names()]
unknown = make('unknown', {'Resources': {'Fn': function({'ZipFile': ''}, Runtime='python3.99')}})
out['unknown'] = [unknown['StackStatus'], [one['ResourceStatusReason'] for one in cf.describe_stack_events(StackName='unknown')['StackEvents'] if one['ResourceStatus'] == 'CREATE_FAILED'][0]]
for name in names(): lam.delete_function(FunctionName=name)
out['gone'] = names()
`)
  assert.deepEqual(answer['updated'], ['kept-first', 'kept-goes', 'kept-once', 'kept-second', 'kept-stays'])
  assert.deepEqual((answer['skipped'] as string[]).toSorted(), ['Replaced', 'Stays'])
  assert.deepEqual(answer['left'], { 'kept-first': 'first', 'kept-once': 'once', 'kept-stays': 'stays' })
  assert.equal(answer['role'], 'arn:aws:iam::000000000000:role/r')
  const [status, reason] = answer['again'] as string[]
  assert.equal(status, 'ROLLBACK_COMPLETE')
  assert.match(reason!, /identifier 'kept-stays' already exists/)
  assert.equal(answer['still'], 'stays')
  assert.deepEqual(answer['never'], ['ROLLBACK_COMPLETE', false])
  assert.deepEqual(answer['gone'], [])
  const [unknown, why] = answer['unknown'] as string[]
  assert.equal(unknown, 'ROLLBACK_COMPLETE')
  assert.match(why!, /Value python3\.99 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set/)
})

test("versions and aliases of a template are Lambda's: numbered, invoked, weighed, kept and forgotten", async () => {
  const answer = await boto<Record<string, unknown>>(`
CODE = '''
import cfnresponse, os
def handler(event, context):
    if 'ResponseURL' in event: cfnresponse.send(event, context, cfnresponse.SUCCESS, {'Word': event['ResourceProperties']['Word']}, 'one')
    return os.environ.get('WORD', '') + ' TEXT'
'''
def template(number, text, **alias): return {'Resources': {
  'Words': {**function({'ZipFile': CODE}), 'DeletionPolicy': 'Delete'},
  'Word': {'Type': 'Custom::Word', 'Properties': {'ServiceToken': {'Fn::GetAtt': ['Words', 'Arn']}, 'Word': 'said' + number}},
  'Fn': function({'ZipFile': CODE.replace('TEXT', text)}, FunctionName='numbered', Environment={'Variables': {'WORD': {'Fn::GetAtt': ['Word', 'Word']}}}),
  'Version' + number: {'Type': 'AWS::Lambda::Version', 'DeletionPolicy': 'Retain', 'Properties': {'FunctionName': {'Ref': 'Fn'}, 'Description': text}},
  'Live': {'Type': 'AWS::Lambda::Alias', 'Properties': {'FunctionName': {'Ref': 'Fn'}, 'Name': 'live', 'FunctionVersion': {'Fn::GetAtt': ['Version' + number, 'Version']}, **alias}}},
  'Outputs': {'Version': {'Value': {'Ref': 'Version' + number}}, 'Live': {'Value': {'Ref': 'Live'}}}}
def call(qualifier): return json.loads(lam.invoke(FunctionName='numbered', Qualifier=qualifier)['Payload'].read())
def alias():
    found = lam.get_alias(FunctionName='numbered', Name='live')
    return [found['FunctionVersion'], found.get('RoutingConfig', {}).get('AdditionalVersionWeights')]
def versions(): return [one['Version'] for one in lam.list_versions_by_function(FunctionName='numbered')['Versions']]
out['made'] = [outputs(make('numbers', template('1', 'first'))), alias(), call('live'), versions()]
second = update('numbers', template('2', 'second', RoutingConfig={'AdditionalVersionWeights': [{'FunctionVersion': '1', 'FunctionWeight': 0.0}]}))
out['updated'] = [outputs(second), alias(), call('live'), call('1'), versions()]
failed = update('numbers', {**template('3', 'third'), 'Resources': {**template('3', 'third')['Resources'], 'Taken': {'Type': 'AWS::S3::Bucket', 'DependsOn': 'Live', 'Properties': {'BucketName': 'templates'}}}})
out['failed'] = [failed['StackStatus'], alias()[0], call('live'), versions()]
cf.delete_stack(StackName='numbers')
out['again'] = [outputs(make('numbers', template('1', 'anew')))['Version'], versions(), call('live')]
cf.delete_stack(StackName='numbers')
`)
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:numbered'
  assert.deepEqual(answer, {
    made: [{ Version: `${arn}:1`, Live: `${arn}:live` }, ['1', null], 'said1 first', ['$LATEST', '1']],
    updated: [
      { Version: `${arn}:2`, Live: `${arn}:live` },
      ['2', { 1: 0 }],
      'said2 second',
      'said1 first',
      ['$LATEST', '1', '2'],
    ],
    // Retain holds for what a failed update made, too: RetainExceptOnCreate is the other one.
    failed: ['UPDATE_ROLLBACK_COMPLETE', '2', 'said2 second', ['$LATEST', '1', '2', '3']],
    again: [`${arn}:1`, ['$LATEST', '1'], 'said1 anew'],
  })
})

test('a stack that is deployed again after its delete has again what it retained under a drawn name', async () => {
  const answer = await boto<Record<string, unknown>>(`
role = {'Type': 'AWS::IAM::Role', 'DeletionPolicy': 'Retain', 'Properties': {'AssumeRolePolicyDocument': {}}}
def template(text): return {'Resources': {'Role': role, 'Bucket': {'Type': 'AWS::S3::Bucket', 'DeletionPolicy': 'Retain'},
  'Fn': {**function({'ZipFile': f'def handler(event, context): return "{text}"'}), 'DeletionPolicy': 'Retain'}}, 'Outputs': {'Fn': {'Value': {'Ref': 'Fn'}}}}
for text in ('one', 'two'):
    made = make('retaining', template(text))
    out[text] = [made['StackStatus'], json.loads(lam.invoke(FunctionName=outputs(made)['Fn'])['Payload'].read())]
    cf.delete_stack(StackName='retaining')
`)
  assert.deepEqual(answer, { one: ['CREATE_COMPLETE', 'one'], two: ['CREATE_COMPLETE', 'two'] })
})

test('what of a stack does not run here says so, and fails nothing', async () => {
  const answer = await boto<Record<string, unknown>>(`
made = make('images', {'Resources': {
  'Image': {'Type': 'AWS::Lambda::Function', 'Properties': {'PackageType': 'Image', 'Role': 'arn:aws:iam::000000000000:role/r', 'Code': {'ImageUri': '000000000000.dkr.ecr.us-east-1.amazonaws.com/i:latest'}}},
  'Version': {'Type': 'AWS::Lambda::Version', 'Properties': {'FunctionName': {'Ref': 'Image'}}},
  'Fn': function({'ZipFile': 'def handler(event, context): return 1'}),
  'Kafka': {'Type': 'AWS::Lambda::EventSourceMapping', 'Properties': {'FunctionName': {'Ref': 'Fn'}, 'EventSourceArn': 'arn:aws:kafka:us-east-1:000000000000:cluster/c/1', 'Topics': ['t'], 'StartingPosition': 'LATEST'}}}})
out['status'] = made['StackStatus']
out['said'] = {one['LogicalResourceId']: one.get('ResourceStatusReason', '')[:24] for one in cf.describe_stack_resources(StackName='images')['StackResources']}
cf.delete_stack(StackName='images')
`)
  const not = 'Not emulated by fnscope:'
  assert.deepEqual(answer, { status: 'CREATE_COMPLETE', said: { Image: not, Version: '', Fn: '', Kafka: not } })
})

test('a rollback that failed is continued, with resources that are skipped', async () => {
  const answer = await boto<Record<string, unknown>>(`
CODE = '''
import json, urllib.request
def handler(event, context):
    stuck = event.get('OldResourceProperties', {}).get('Mode') == 'b'
    body = json.dumps({'Status': 'FAILED' if stuck else 'SUCCESS', 'Reason': 'stuck', 'PhysicalResourceId': 'one', 'Data': {'Mode': event['ResourceProperties']['Mode']}})
    urllib.request.urlopen(urllib.request.Request(event['ResponseURL'], body.encode(), method='PUT'))
'''
def template(mode, **more): return {'Resources': {
  'Answers': function({'ZipFile': CODE}),
  'Stuck': {'Type': 'Custom::Stuck', 'Properties': {'ServiceToken': {'Fn::GetAtt': ['Answers', 'Arn']}, 'Mode': mode}}, **more},
  'Outputs': {'Mode': {'Value': {'Fn::GetAtt': ['Stuck', 'Mode']}}}}
out['made'] = outputs(make('stuck', template('a')))
taken = {'Type': 'AWS::S3::Bucket', 'DependsOn': 'Stuck', 'Properties': {'BucketName': 'taken-by-somebody'}}
failed = update('stuck', template('b', Taken=taken))
out['failed'] = [failed['StackStatus'], failed['StackStatusReason']]
cf.continue_update_rollback(StackName='stuck')
out['again'] = settled('stuck')['StackStatus']
out['refused'] = message(cf.continue_update_rollback, StackName='stuck', ResourcesToSkip=['Answers'])
cf.continue_update_rollback(StackName='stuck', ResourcesToSkip=['Stuck'])
out['continued'] = settled('stuck')['StackStatus']
out['not now'] = message(cf.continue_update_rollback, StackName='stuck')
`)
  assert.deepEqual(answer['made'], { Mode: 'a' })
  assert.deepEqual(answer['failed'], [
    'UPDATE_ROLLBACK_FAILED',
    'The following resource(s) failed to update: [Stuck]. ',
  ])
  assert.equal(answer['again'], 'UPDATE_ROLLBACK_FAILED')
  assert.match(answer['refused'] as string, /to skip are not in UPDATE_FAILED state: \[Answers\]/)
  assert.equal(answer['continued'], 'UPDATE_ROLLBACK_COMPLETE')
  assert.match(answer['not now'] as string, /is in UPDATE_ROLLBACK_COMPLETE state and can not continue update rollback/)
})
