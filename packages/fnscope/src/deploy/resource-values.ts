// What Ref and GetAtt of a resource give, by type: the shapes CloudFormation documents, over derived names.
// Nothing here exists anywhere; templates only need values of the right form.
import type { TemplateMap } from './template-value.ts'

/** One resource as seen by the table below. */
export interface NamedResource {
  readonly logicalId: string
  readonly type: string
  /** Physical name: the template's own, else derived. */
  readonly name: string
  /** Lower-case letters and digits, for ids. */
  readonly id: string
  readonly region: string
  readonly accountId: string
  readonly partition: string
  readonly urlSuffix: string
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
const machineArn = arn('states', (r) => `stateMachine:${r.name}`)
const machine: TypeValues = { nameProperty: 'Name', ref: machineArn, attributes: { Arn: machineArn, Name: byName } }
const topicArn = arn('sns', (r) => r.name)
const secretArn = arn('secretsmanager', (r) => `secret:${r.name}-${r.id.slice(0, 6)}`)
const versionArn = arn('lambda', (r) => `function:${r.name}:1`)

const TYPES: Readonly<Record<string, TypeValues>> = {
  'AWS::Serverless::Function': lambdaFunction,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Serverless::LayerVersion': layer,
  'AWS::Lambda::LayerVersion': layer,
  'AWS::Lambda::Version': { ref: versionArn, attributes: { FunctionArn: versionArn, Version: () => '1' } },
  'AWS::Lambda::Alias': { ref: versionArn, attributes: { AliasArn: versionArn } },
  'AWS::Lambda::Url': { ref: functionArn, attributes: { FunctionUrl: functionUrl, FunctionArn: functionArn } },
  'AWS::Serverless::Api': restApi,
  'AWS::ApiGateway::RestApi': restApi,
  'AWS::ApiGateway::Stage': { nameProperty: 'StageName' },
  'AWS::ApiGateway::Deployment': {
    ref: (r) => r.id.slice(0, 6),
    attributes: { DeploymentId: (r) => r.id.slice(0, 6) },
  },
  'AWS::ApiGateway::Resource': { ref: (r) => r.id.slice(0, 6), attributes: { ResourceId: (r) => r.id.slice(0, 6) } },
  'AWS::Serverless::HttpApi': httpApi,
  'AWS::ApiGatewayV2::Api': httpApi,
  'AWS::ApiGatewayV2::Stage': { nameProperty: 'StageName' },
  'AWS::Serverless::SimpleTable': table,
  'AWS::DynamoDB::Table': table,
  'AWS::DynamoDB::GlobalTable': table,
  'AWS::Serverless::StateMachine': machine,
  'AWS::StepFunctions::StateMachine': machine,
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
  'AWS::SecretsManager::Secret': { nameProperty: 'Name', ref: secretArn, attributes: { Id: secretArn } },
  'AWS::SSM::Parameter': { nameProperty: 'Name' },
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
