// aws-sam-translator, the transform the cloud runs, is asked for the same templates: logical ids, types and the properties
// that tools and functions see must agree.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import { openTemplate } from '../../packages/fnscope/src/deploy/open-template.ts'
import { expandSam } from '../../packages/fnscope/src/deploy/sam/expand.ts'
import { knownValue } from '../../packages/fnscope/src/deploy/static-value.ts'
import {
  isList,
  isMap,
  mapAt,
  spell,
  type TemplateMap,
  type TemplateValue,
  typeOf,
} from '../../packages/fnscope/src/deploy/template-value.ts'
import { parseTemplate } from '../../packages/fnscope/src/deploy/template-yaml.ts'
import { withGlobals } from '../../packages/fnscope/src/deploy/globals.ts'
import { run, VENV } from '../started-fnscope.ts'
import { SHAPES } from './sam-shapes.ts'

/** Ids that end in a hash of content which both make in their own words. */
const HASHED = /(ServerlessRestApi|Api)Deployment[0-9a-f]{10}$/

/** Type → properties that are compared; of the others only that they are there is not. */
const COMPARED: Readonly<Record<string, readonly string[]>> = {
  'AWS::Lambda::Function': ['*'],
  'AWS::Lambda::Version': ['*'],
  'AWS::Lambda::Alias': ['*'],
  'AWS::Lambda::Url': ['*'],
  'AWS::Lambda::Permission': ['Action', 'FunctionName', 'Principal', 'EventSourceToken', 'FunctionUrlAuthType'],
  'AWS::Lambda::EventInvokeConfig': ['*'],
  'AWS::Lambda::EventSourceMapping': ['*'],
  'AWS::Lambda::LayerVersion': ['*'],
  'AWS::DynamoDB::Table': ['*'],
  'AWS::Events::Rule': ['ScheduleExpression', 'EventPattern', 'State', 'Name', 'EventBusName', 'Targets'],
  'AWS::Scheduler::Schedule': ['*'],
  'AWS::SNS::Subscription': ['*'],
  'AWS::S3::Bucket': ['*'],
  'AWS::Cognito::UserPool': ['*'],
  'AWS::Logs::SubscriptionFilter': ['*'],
  'AWS::IoT::TopicRule': ['*'],
  'AWS::ApiGateway::Stage': ['StageName', 'RestApiId', 'TracingEnabled', 'Variables'],
  'AWS::ApiGatewayV2::Stage': ['StageName', 'ApiId', 'AutoDeploy', 'StageVariables'],
  'AWS::ApiGateway::RestApi': ['Name'],
  'AWS::StepFunctions::StateMachine': [
    'RoleArn',
    'StateMachineName',
    'StateMachineType',
    'TracingConfiguration',
    'Tags',
  ],
  'AWS::IAM::Role': ['ManagedPolicyArns', 'Tags'],
  'AWS::CloudFormation::Stack': ['TemplateURL', 'Parameters', 'Tags'],
}

interface Case {
  readonly name: string
  readonly template: TemplateMap
  readonly parameters: Readonly<Record<string, string>>
}

const CASES: readonly Case[] = Object.entries(SHAPES).map(([name, text]) => {
  const template = parseTemplate(`Transform: AWS::Serverless-2016-10-31\n${text}`, 'template.yaml')
  return { name, template, parameters: defaults(template) }
})

function defaults(template: TemplateMap): Record<string, string> {
  return Object.fromEntries(
    Object.entries(mapAt(template['Parameters'], 'Parameters')).map(([name, declared]) => [
      name,
      spell(mapAt(declared, name)['Default']),
    ]),
  )
}

async function askOracle(): Promise<readonly TemplateMap[] | undefined> {
  const ran = await run(join(VENV, 'bin/python'), [join(import.meta.dirname, 'sam-oracle.py')], {
    env: { ...process.env, AWS_DEFAULT_REGION: 'us-east-1' },
    input: JSON.stringify(CASES),
  }).catch(() => undefined)
  if (ran?.code !== 0) {
    if (ran !== undefined && !ran.stderr.includes('ModuleNotFoundError')) throw new Error(ran.stderr)
    return undefined
  }
  return JSON.parse(ran.stdout) as TemplateMap[]
}

function expand(
  template: TemplateMap,
  parameters: Readonly<Record<string, string>>,
): Readonly<Record<string, TemplateMap>> {
  const sources: Record<string, TemplateMap> = {}
  for (const [id, source] of Object.entries(mapAt(template['Resources'], 'Resources'))) {
    sources[id] = { ...mapAt(source, id), Properties: withGlobals(template, mapAt(source, id), id) }
  }
  const context = { parameters: new Map(Object.entries(parameters)), region: 'us-east-1', mappings: {} }
  return expandSam(template, { sources, file: 'template.yaml', known: (value) => knownValue(value, context) }).resources
}

/** One spelling of what is the same: order of tags, hashes in ids, either form of GetAtt and Sub. */
function canonical(value: TemplateValue | undefined, key = ''): unknown {
  if (typeof value === 'string')
    return value.replace(HASHED, '$1Deployment#').replace('arn:aws:', 'arn:${AWS::Partition}:')
  if (isList(value)) {
    const items = value.map((item) => canonical(item))
    return key === 'Tags' || key === 'ManagedPolicyArns' || key === 'DependsOn'
      ? items.map((item) => JSON.stringify(item)).sort()
      : items
  }
  if (!isMap(value)) return value
  if (typeof value['Fn::GetAtt'] === 'string') return canonical({ 'Fn::GetAtt': value['Fn::GetAtt'].split('.') })
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name.replace(HASHED, '$1Deployment#'), canonical(inner, name)]),
  )
}

function typesOf(resources: Readonly<Record<string, TemplateValue>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(resources)
      .map(([id, resource]) => [id.replace(HASHED, '$1Deployment#'), typeOf(resource)] as const)
      .sort(([left], [right]) => (left < right ? -1 : 1)),
  )
}

const answers = await askOracle()
const skip =
  answers === undefined ? 'SKIPPED: the test clients have no aws-sam-translator (npm test installs them)' : false

for (const [index, { name, template, parameters }] of CASES.entries()) {
  test(`${name}: ids, types and properties are those of aws-sam-translator`, { skip }, () => {
    const answer = answers![index]!
    assert.equal(answer['error'], undefined)
    const theirs = mapAt(answer['Resources'], 'Resources') as Readonly<Record<string, TemplateMap>>
    const ours = expand(template, parameters)
    assert.deepEqual(typesOf(ours), typesOf(theirs))
    for (const [id, resource] of Object.entries(theirs)) {
      const keys = COMPARED[typeOf(resource)]
      const own = ours[id]
      if (keys === undefined || own === undefined) continue
      const pick = (properties: TemplateMap): TemplateMap =>
        keys[0] === '*'
          ? properties
          : Object.fromEntries(Object.entries(properties).filter(([key]) => keys.includes(key)))
      const [left, right] = [own, resource].map((one) => canonical(pick(mapAt(one['Properties'], id))))
      assert.deepEqual(left, right, id)
      for (const key of ['Condition', 'DeletionPolicy']) assert.deepEqual(own[key], resource[key], `${id} ${key}`)
    }
  })
}

test('every shape can be opened: its references resolve, and it has no circle', () => {
  for (const { name, template } of CASES) {
    const opened = openTemplate(template, {
      file: name,
      seed: { appDir: '/app', stack: 'stack' },
      region: 'us-east-1',
      accountId: '000000000000',
      parameters: {},
      notice: () => {},
    })
    assert.ok(Object.keys(opened.resources).length > 0)
  }
})
