// AWS::Serverless::Function: the function, its role, version and alias, its URL, its asynchronous configuration, and what
// its events add (events.ts, pull-events.ts).
import { intrinsicOf, isList, isMap, mapAt, type TemplateMap, type TemplateValue, spell } from '../template-value.ts'
import type { Expansion, SamResource } from './expansion.ts'
import type { EventTarget } from './event-target.ts'
import { expandEvents } from './events.ts'
import { codeOf, getAtt, hashedId, ownAttributes, passedOn, ref, resource, tagList, written } from './parts.ts'
import { allow, executionRole } from './role.ts'

/** Properties that SAM's function and Lambda's have under the same name. */
const SAME = [
  'Architectures',
  'CapacityProviderConfig',
  'CodeSigningConfigArn',
  'Description',
  'DurableConfig',
  'Environment',
  'EphemeralStorage',
  'FileSystemConfigs',
  'FunctionName',
  'FunctionScalingConfig',
  'Handler',
  'ImageConfig',
  'KmsKeyArn',
  'Layers',
  'LoggingConfig',
  'MemorySize',
  'PackageType',
  'RecursiveLoop',
  'ReservedConcurrentExecutions',
  'Runtime',
  'RuntimeManagementConfig',
  'SnapStart',
  'TenancyConfig',
  'Timeout',
  'VpcConfig',
]

const DESTINATIONS: Readonly<Record<string, readonly [service: string, action: string]>> = {
  SQS: ['SQS', 'sqs:SendMessage'],
  SNS: ['SNS', 'sns:publish'],
  S3Bucket: ['S3', 's3:PutObject'],
  EventBridge: ['EventBridge', 'events:PutEvents'],
  Lambda: ['Lambda', 'lambda:InvokeFunction'],
}

export function expandFunction(sam: SamResource, into: Expansion): void {
  const { id, source, properties } = sam
  const attributes = passedOn(source)
  const made = lambdaFunction(sam, into)
  into.add(id, { ...made, ...ownAttributes(source), Type: 'AWS::Lambda::Function' })
  const alias = publishAlias(sam, made, into)
  const inline = expandInvokeConfig(sam, alias, into)
  expandUrl(sam, alias, into)
  expandDeployment(sam, into)
  const target: EventTarget = {
    id,
    kind: 'function',
    arn: alias === undefined ? getAtt(id, 'Arn') : ref(alias.id),
    name: ref(alias?.id ?? id),
    attributes,
    inline,
    managed: [],
    propagatedTags: properties['PropagateTags'] === true ? properties['Tags'] : undefined,
  }
  expandEvents(properties['Events'], target, into)
  if (properties['Role'] === undefined || isConditionalRole(properties['Role'])) expandRole(sam, target, into)
}

function lambdaFunction({ id, properties }: SamResource, into: Expansion): TemplateMap {
  const same = Object.fromEntries(SAME.map((key) => [key, properties[key]]))
  const tracing = into.known(properties['Tracing'])
  const image = properties['ImageUri']
  const inline = properties['InlineCode']
  return resource('AWS::Lambda::Function', {
    ...same,
    Code:
      inline !== undefined
        ? { ZipFile: inline }
        : image !== undefined
          ? isMap(image) && !intrinsicOf(image)
            ? image
            : { ImageUri: image }
          : codeOf(properties['CodeUri']),
    DeadLetterConfig: deadLetter(properties['DeadLetterQueue']),
    Role: properties['Role'] ?? getAtt(`${id}Role`, 'Arn'),
    Tags: tagList(properties['Tags'], 'lambda:createdBy'),
    TracingConfig: tracing === undefined || tracing === 'Disabled' ? undefined : { Mode: properties['Tracing']! },
  })
}

function deadLetter(queue: TemplateValue | undefined): TemplateMap | undefined {
  return isMap(queue) && queue['TargetArn'] !== undefined ? { TargetArn: queue['TargetArn'] } : undefined
}

interface Alias {
  readonly id: string
  readonly name: string
}

/** A version under an id that changes with the code, and the alias that points to it. */
function publishAlias(sam: SamResource, made: TemplateMap, into: Expansion): Alias | undefined {
  const { id, source, properties } = sam
  const name = into.known(properties['AutoPublishAlias'])
  if (typeof name !== 'string' || name === '') return undefined
  const draft = mapAt(made['Properties'], id)
  const sha = into.known(properties['AutoPublishCodeSha256'])
  const code = into.known(draft['Code'])
  const says = properties['AutoPublishAliasAllProperties'] === true ? draft : versionSays(code, draft)
  const versionId = typeof sha === 'string' ? `${id}Version${sha.slice(0, 10)}` : hashedId(`${id}Version`, says)
  const attributes = passedOn(source)
  into.add(
    versionId,
    resource(
      'AWS::Lambda::Version',
      { FunctionName: ref(id), Description: properties['VersionDescription'] },
      { DeletionPolicy: properties['VersionDeletionPolicy'] ?? 'Retain', ...attributes },
    ),
  )
  const aliasId = `${id}Alias${name.replaceAll('-', 'D').replaceAll('_', 'U')}`
  into.add(
    aliasId,
    resource(
      'AWS::Lambda::Alias',
      {
        Name: name,
        FunctionName: ref(id),
        FunctionVersion: getAtt(versionId, 'Version'),
        ProvisionedConcurrencyConfig: properties['ProvisionedConcurrencyConfig'],
      },
      attributes,
    ),
  )
  into.renamed.set(`${id}.Version`, versionId)
  into.renamed.set(`${id}.Alias`, aliasId)
  return { id: aliasId, name }
}

function versionSays(code: TemplateValue | undefined, draft: TemplateMap): TemplateMap {
  const snap = draft['SnapStart']
  return written({
    ...(isMap(code) ? code : { Code: code }),
    ...(isMap(draft['Environment']) ? draft['Environment'] : {}),
    MemorySize: draft['MemorySize'],
    SnapStart: isMap(snap) && snap['ApplyOn'] !== 'None' ? snap : undefined,
  })
}

function expandUrl({ id, source, properties }: SamResource, alias: Alias | undefined, into: Expansion): void {
  const config = properties['FunctionUrlConfig']
  if (!isMap(config)) return
  const attributes = passedOn(source)
  const name = ref(alias?.id ?? id)
  const { AuthType, Cors, InvokeMode } = config
  into.add(
    `${id}Url`,
    resource('AWS::Lambda::Url', { TargetFunctionArn: name, AuthType, Cors, InvokeMode }, attributes),
  )
  if (AuthType !== 'NONE') return
  const permission = { FunctionName: name, Principal: '*' }
  into.add(
    `${id}UrlPublicPermissions`,
    resource(
      'AWS::Lambda::Permission',
      { Action: 'lambda:InvokeFunctionUrl', ...permission, FunctionUrlAuthType: AuthType },
      attributes,
    ),
  )
  into.add(
    `${id}URLInvokeAllowPublicAccess`,
    resource(
      'AWS::Lambda::Permission',
      { Action: 'lambda:InvokeFunction', ...permission, InvokedViaFunctionUrl: true },
      attributes,
    ),
  )
}

/** Destinations without an ARN get a queue or a topic of their own. */
function expandInvokeConfig(sam: SamResource, alias: Alias | undefined, into: Expansion): TemplateMap[] {
  const { id, source, properties } = sam
  const config = into.known(properties['EventInvokeConfig'])
  if (!isMap(config)) return []
  const configId = `${id}EventInvokeConfig`
  const attributes = passedOn(source)
  const policies: TemplateMap[] = []
  const destinations: Record<string, TemplateValue> = {}
  for (const [event, wanted] of Object.entries(mapAt(config['DestinationConfig'], `${configId}.DestinationConfig`))) {
    if (!isMap(wanted)) continue
    const type = spell(wanted['Type'])
    const given = wanted['Destination']
    const kind = type === 'SQS' ? 'Queue' : 'Topic'
    const ownId = `${configId}${event}${kind}`
    const arn = given ?? (kind === 'Queue' ? getAtt(ownId, 'Arn') : ref(ownId))
    if (given === undefined) {
      into.add(ownId, resource(kind === 'Queue' ? 'AWS::SQS::Queue' : 'AWS::SNS::Topic', {}, attributes))
      into.renamed.set(`${id}.Destination${kind}`, ownId)
    }
    destinations[event] = { Destination: arn }
    const right = DESTINATIONS[type]
    if (right) policies.push(allow(`${configId}${event}${right[0]}Policy`, right[1], arn))
  }
  into.add(
    configId,
    resource(
      'AWS::Lambda::EventInvokeConfig',
      {
        FunctionName: ref(id),
        Qualifier: alias?.name ?? '$LATEST',
        DestinationConfig: destinations,
        MaximumEventAgeInSeconds: config['MaximumEventAgeInSeconds'],
        MaximumRetryAttempts: config['MaximumRetryAttempts'],
      },
      { ...ownAttributes(source), ...(alias === undefined ? {} : { DependsOn: [alias.id] }) },
    ),
  )
  return policies
}

/** CodeDeploy's resources for gradual deployments: listed, nothing shifts here. */
function expandDeployment({ id, source, properties }: SamResource, into: Expansion): void {
  const preference = into.known(properties['DeploymentPreference'])
  if (!isMap(preference) || preference['Enabled'] === false || preference['Enabled'] === 'false') return
  const attributes = passedOn(source)
  into.add(
    'ServerlessDeploymentApplication',
    resource('AWS::CodeDeploy::Application', { ComputePlatform: 'Lambda' }, {}),
  )
  if (preference['Role'] === undefined) {
    const assumed = {
      Action: ['sts:AssumeRole'],
      Effect: 'Allow',
      Principal: { Service: ['codedeploy.amazonaws.com'] },
    }
    into.add(
      'CodeDeployServiceRole',
      resource('AWS::IAM::Role', {
        AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [assumed] },
        ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda'],
      }),
    )
  }
  into.add(
    `${id}DeploymentGroup`,
    resource(
      'AWS::CodeDeploy::DeploymentGroup',
      {
        ApplicationName: ref('ServerlessDeploymentApplication'),
        DeploymentConfigName: `CodeDeployDefault.Lambda${spell(preference['Type'] ?? 'AllAtOnce')}`,
        DeploymentStyle: { DeploymentType: 'BLUE_GREEN', DeploymentOption: 'WITH_TRAFFIC_CONTROL' },
        ServiceRoleArn: preference['Role'] ?? getAtt('CodeDeployServiceRole', 'Arn'),
        TriggerConfigurations: preference['TriggerConfigurations'],
        AlarmConfiguration: isList(preference['Alarms'])
          ? { Enabled: true, Alarms: preference['Alarms'].map((Name) => ({ Name })) }
          : undefined,
      },
      attributes,
    ),
  )
}

function isConditionalRole(role: TemplateValue): boolean {
  const call = intrinsicOf(role)
  return call?.[0] === 'Fn::If' && JSON.stringify(call[1]).includes('AWS::NoValue')
}

function expandRole({ id, source, properties }: SamResource, target: EventTarget, into: Expansion): void {
  const tracing = into.known(properties['Tracing'])
  const managed = ['AWSLambdaBasicExecutionRole', ...target.managed]
  if (tracing === 'Active' || tracing === 'PassThrough') managed.push('AWSXrayWriteOnlyAccess')
  if (properties['VpcConfig'] !== undefined) managed.push('AWSLambdaVPCAccessExecutionRole')
  const queue = properties['DeadLetterQueue']
  const dead =
    isMap(queue) && queue['TargetArn'] !== undefined
      ? [
          allow(
            'DeadLetterQueuePolicy',
            queue['Type'] === 'SNS' ? 'sns:Publish' : 'sqs:SendMessage',
            queue['TargetArn'],
          ),
        ]
      : []
  into.add(
    `${id}Role`,
    executionRole({
      id,
      service: 'lambda',
      policies: properties['Policies'],
      managed: [...new Set(managed)],
      inline: [...dead, ...target.inline],
      path: properties['RolePath'],
      boundary: properties['PermissionsBoundary'],
      assumePolicy: properties['AssumeRolePolicyDocument'],
      tags: properties['Tags'],
      attributes: passedOn(source),
    }),
  )
}
