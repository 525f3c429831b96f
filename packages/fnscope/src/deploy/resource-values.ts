// What Ref and GetAtt of a resource give, by type: the shapes CloudFormation documents, over derived names.
// Nothing here exists anywhere; templates only need values of the right form.
import { STACK_TYPE, type TemplateMap, type TemplateValue } from './template-value.ts'

/** One resource as seen by the table below. */
export interface NamedResource {
  readonly logicalId: string
  readonly type: string
  /** Physical name: the template's own, else derived. */
  readonly name: string
  /** Lower-case letters and digits, for ids. */
  readonly id: string
  readonly uuid: string
  readonly region: string
  readonly accountId: string
  readonly partition: string
  readonly urlSuffix: string
  /** A property of it, resolved. */
  readonly property: (key: string) => TemplateValue | undefined
}

type Make = (resource: NamedResource) => string

interface TypeValues {
  /** The property that carries a name of the template's own. */
  readonly nameProperty?: string
  readonly maxLength?: number
  readonly lowerCase?: boolean
  readonly ref?: Make
  readonly attributes?: Readonly<Record<string, Make>>
}

const arn =
  (service: string, path: (resource: NamedResource) => string): Make =>
  (resource) =>
    `arn:${resource.partition}:${service}:${resource.region}:${resource.accountId}:${path(resource)}`

const globalArn =
  (service: string, path: (resource: NamedResource) => string): Make =>
  (resource) =>
    `arn:${resource.partition}:${service}::${resource.accountId}:${path(resource)}`

const byName: Make = (resource) => resource.name
const byId: Make = (resource) => resource.id

const functionArn = arn('lambda', (r) => `function:${r.name}`)
const layerArn = arn('lambda', (r) => `layer:${r.name}:1`)
const textProperty = (r: NamedResource, key: string): string => {
  const value = r.property(key)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
/** ARN of the function that a property names by its name or by its ARN. */
const functionArnIn =
  (key: string, qualifier: Make): Make =>
  (r) => {
    const given = textProperty(r, key)
    const name = /:function:([^:]+)/.exec(given)?.[1] ?? given
    return `${arn('lambda', () => `function:${name}`)(r)}:${qualifier(r)}`
  }
const queueUrl: Make = (r) => `https://sqs.${r.region}.${r.urlSuffix}/${r.accountId}/${r.name}`
const functionUrl: Make = (r) => `https://${r.id}.lambda-url.${r.region}.on.aws/`
const endpoint: Make = (r) => `https://${r.id}.execute-api.${r.region}.${r.urlSuffix}`
const table: TypeValues = {
  nameProperty: 'TableName',
  attributes: {
    Arn: arn('dynamodb', (r) => `table/${r.name}`),
    StreamArn: arn('dynamodb', (r) => `table/${r.name}/stream/2024-01-01T00:00:00.000`),
  },
}
const lambdaFunction: TypeValues = { nameProperty: 'FunctionName', attributes: { Arn: functionArn } }
const layer: TypeValues = {
  nameProperty: 'LayerName',
  maxLength: 140,
  ref: layerArn,
  attributes: { LayerVersionArn: layerArn },
}
const restApi: TypeValues = { ref: byId, attributes: { RootResourceId: byId, RestApiId: byId } }
const httpApi: TypeValues = { ref: byId, attributes: { ApiEndpoint: endpoint, ApiId: byId } }
const domainAttributes: Readonly<Record<string, Make>> = Object.fromEntries(
  ['DistributionDomainName', 'RegionalDomainName'].flatMap((name) => [
    [name, (r: NamedResource) => `d-${r.id}.execute-api.${r.region}.${r.urlSuffix}`],
    [name.replace('DomainName', 'HostedZoneId'), () => 'Z2FDTNDATAQYW2'],
  ]),
)
const machineArn = arn('states', (r) => `stateMachine:${r.name}`)
const machine: TypeValues = {
  nameProperty: 'Name',
  ref: machineArn,
  attributes: { Arn: machineArn, Name: byName, StateMachineRevisionId: () => '1' },
}
const topicArn = arn('sns', (r) => r.name)
const secretArn = arn('secretsmanager', (r) => `secret:${r.name}-${r.id.slice(0, 6)}`)
const versionArn = functionArnIn('FunctionName', () => '1')
const aliasArn = functionArnIn('FunctionName', (r) => textProperty(r, 'Name'))
const stageName: TypeValues = { nameProperty: 'StageName' }
const stackArn = arn('cloudformation', (r) => `stack/${r.name}/${r.uuid}`)
const shortId: Make = (r) => r.id.slice(0, 6)

const TYPES: Readonly<Record<string, TypeValues>> = {
  'AWS::Serverless::Function': lambdaFunction,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Serverless::LayerVersion': layer,
  'AWS::Lambda::LayerVersion': layer,
  'AWS::Lambda::Version': { ref: versionArn, attributes: { FunctionArn: versionArn, Version: () => '1' } },
  'AWS::Lambda::Alias': { ref: aliasArn, attributes: { AliasArn: aliasArn } },
  'AWS::Lambda::Url': {
    ref: (r) => textProperty(r, 'TargetFunctionArn'),
    attributes: { FunctionUrl: functionUrl, FunctionArn: (r) => textProperty(r, 'TargetFunctionArn') },
  },
  'AWS::Lambda::EventSourceMapping': {
    ref: (r) => r.uuid,
    attributes: {
      Id: (r) => r.uuid,
      EventSourceMappingArn: arn('lambda', (r) => `event-source-mapping:${r.uuid}`),
    },
  },
  [STACK_TYPE]: { maxLength: 128, ref: stackArn },
  'AWS::CloudFormation::WaitConditionHandle': {
    ref: (r) => `https://cloudformation-waitcondition-${r.region}.s3.${r.urlSuffix}/${r.name}`,
  },
  'AWS::Serverless::Api': restApi,
  'AWS::ApiGateway::RestApi': restApi,
  'AWS::ApiGateway::Stage': stageName,
  'AWS::ApiGateway::Deployment': { ref: shortId, attributes: { DeploymentId: shortId } },
  'AWS::ApiGateway::Resource': { ref: shortId, attributes: { ResourceId: shortId } },
  'AWS::ApiGateway::ApiKey': { ref: byId, attributes: { APIKeyId: byId } },
  'AWS::ApiGateway::UsagePlan': { ref: shortId, attributes: { Id: shortId } },
  'AWS::ApiGateway::Authorizer': { ref: shortId, attributes: { AuthorizerId: shortId } },
  'AWS::ApiGateway::DomainName': { nameProperty: 'DomainName', attributes: domainAttributes },
  'AWS::Serverless::HttpApi': httpApi,
  'AWS::ApiGatewayV2::Api': httpApi,
  'AWS::ApiGatewayV2::Stage': stageName,
  'AWS::ApiGatewayV2::Integration': { ref: shortId },
  'AWS::ApiGatewayV2::Route': { ref: shortId },
  'AWS::ApiGatewayV2::DomainName': { nameProperty: 'DomainName', attributes: domainAttributes },
  'AWS::Serverless::SimpleTable': table,
  'AWS::DynamoDB::Table': table,
  'AWS::DynamoDB::GlobalTable': table,
  'AWS::Serverless::StateMachine': machine,
  'AWS::StepFunctions::StateMachine': { ...machine, nameProperty: 'StateMachineName' },
  'AWS::IAM::Role': {
    nameProperty: 'RoleName',
    attributes: { Arn: globalArn('iam', (r) => `role/${r.name}`), RoleId: byId },
  },
  'AWS::SQS::Queue': {
    nameProperty: 'QueueName',
    maxLength: 80,
    ref: queueUrl,
    attributes: { Arn: arn('sqs', (r) => r.name), QueueName: byName, QueueUrl: queueUrl },
  },
  'AWS::SNS::Topic': {
    nameProperty: 'TopicName',
    ref: topicArn,
    attributes: { TopicArn: topicArn, TopicName: byName },
  },
  'AWS::S3::Bucket': {
    nameProperty: 'BucketName',
    maxLength: 63,
    lowerCase: true,
    attributes: {
      Arn: (r) => `arn:${r.partition}:s3:::${r.name}`,
      DomainName: (r) => `${r.name}.s3.${r.urlSuffix}`,
      RegionalDomainName: (r) => `${r.name}.s3.${r.region}.${r.urlSuffix}`,
      WebsiteURL: (r) => `http://${r.name}.s3-website-${r.region}.${r.urlSuffix}`,
    },
  },
  'AWS::Kinesis::Stream': { nameProperty: 'Name', attributes: { Arn: arn('kinesis', (r) => `stream/${r.name}`) } },
  'AWS::Events::EventBus': {
    nameProperty: 'Name',
    attributes: { Arn: arn('events', (r) => `event-bus/${r.name}`), Name: byName },
  },
  'AWS::Events::Rule': { nameProperty: 'Name', attributes: { Arn: arn('events', (r) => `rule/${r.name}`) } },
  'AWS::Logs::LogGroup': {
    nameProperty: 'LogGroupName',
    attributes: { Arn: arn('logs', (r) => `log-group:${r.name}:*`) },
  },
  'AWS::Logs::MetricFilter': { nameProperty: 'FilterName' },
  'AWS::SecretsManager::Secret': { nameProperty: 'Name', ref: secretArn, attributes: { Id: secretArn } },
  'AWS::SSM::Parameter': {
    nameProperty: 'Name',
    attributes: { Type: (r) => textProperty(r, 'Type'), Value: (r) => textProperty(r, 'Value') },
  },
  'AWS::KMS::Key': { ref: byId, attributes: { Arn: arn('kms', (r) => `key/${r.id}`), KeyId: byId } },
  'AWS::Cognito::UserPool': {
    ref: (r) => `${r.region}_${r.id.slice(0, 9)}`,
    attributes: { Arn: arn('cognito-idp', (r) => `userpool/${r.region}_${r.id.slice(0, 9)}`) },
  },
  'AWS::Cognito::UserPoolClient': { ref: byId, attributes: { ClientId: byId } },
}

export function nameRuleOf(type: string): Pick<TypeValues, 'nameProperty' | 'maxLength' | 'lowerCase'> {
  return TYPES[type] ?? {}
}

/** The template's own name for a resource, when its type has a property for one. Unresolved. */
export function ownName(type: string, properties: TemplateMap): TemplateMap[string] | undefined {
  const property = TYPES[type]?.nameProperty
  return property === undefined ? undefined : properties[property]
}

export function refOf(resource: NamedResource): string {
  return (TYPES[resource.type]?.ref ?? byName)(resource)
}

/** The attributes that its type is known to have. */
export function attributesOf(resource: NamedResource): Record<string, string> {
  const known = Object.entries(TYPES[resource.type]?.attributes ?? {})
  return Object.fromEntries(known.map(([name, make]) => [name, make(resource)]))
}

/** An attribute, or for a type fnscope has not heard of an ARN or text of the resource's name. */
export function attributeOf(resource: NamedResource, attribute: string): string | undefined {
  const known = TYPES[resource.type]
  const make = known?.attributes?.[attribute]
  if (make) return make(resource)
  if (known?.attributes) return undefined
  if (attribute.endsWith('Arn')) {
    const service = resource.type.split('::')[1]?.toLowerCase() ?? 'custom'
    return arn(service, (r) => r.name)(resource)
  }
  return `${resource.name}-${attribute}`
}
