// The smaller SAM resources: tables, nested applications, GraphQL APIs. All of them are listed; none of them is run here.
import { isMap, mapAt, STACK_TYPE, type TemplateMap, type TemplateValue, spell } from '../template-value.ts'
import type { Expansion, SamResource } from './expansion.ts'
import { assumedBy } from './role.ts'
import { getAtt, ownAttributes, passedOn, resource, sub, tagList } from './parts.ts'

const KEY_TYPES: Readonly<Record<string, string>> = { String: 'S', Number: 'N', Binary: 'B' }

export function expandSimpleTable({ id, source, properties }: SamResource, into: Expansion): void {
  const { PointInTimeRecoverySpecification, ProvisionedThroughput, SSESpecification, TableName, Tags } = properties
  const key = isMap(properties['PrimaryKey']) ? properties['PrimaryKey'] : {}
  const AttributeName = key['Name'] ?? 'id'
  const AttributeType = KEY_TYPES[spell(key['Type'] ?? 'String')] ?? 'S'
  into.add(
    id,
    resource(
      'AWS::DynamoDB::Table',
      {
        AttributeDefinitions: [{ AttributeName, AttributeType }],
        KeySchema: [{ AttributeName, KeyType: 'HASH' }],
        BillingMode: ProvisionedThroughput === undefined ? 'PAY_PER_REQUEST' : undefined,
        PointInTimeRecoverySpecification,
        ProvisionedThroughput,
        SSESpecification,
        TableName,
        Tags: tagList(Tags),
      },
      ownAttributes(source),
    ),
  )
}

export function expandApplication({ id, source, properties }: SamResource, into: Expansion): void {
  const { Location, NotificationARNs, Parameters, Tags, TimeoutInMinutes } = properties
  const repository = isMap(Location) ? Location : {}
  const { ApplicationId, SemanticVersion } = repository
  const tags: TemplateValue[] = [{ Key: 'lambda:createdBy', Value: 'SAM' }]
  if (ApplicationId !== undefined) tags.push({ Key: 'serverlessrepo:applicationId', Value: ApplicationId })
  if (SemanticVersion !== undefined) tags.push({ Key: 'serverlessrepo:semanticVersion', Value: SemanticVersion })
  into.add(
    id,
    resource(
      STACK_TYPE,
      {
        TemplateURL: typeof Location === 'string' ? Location : '',
        Parameters,
        NotificationARNs,
        TimeoutInMinutes,
        Tags: [...(tagList(Tags) ?? []), ...tags],
      },
      ownAttributes(source),
    ),
  )
}

export function expandGraphQl({ id, source, properties }: SamResource, into: Expansion): void {
  const attributes = passedOn(source)
  const auth = mapAt(properties['Auth'], `${id}.Auth`)
  const api = getAtt(id, 'ApiId')
  const { Name, Tags, XrayEnabled, SchemaInline, SchemaUri } = properties
  const AuthenticationType = auth['Type'] ?? null
  into.add(
    id,
    resource(
      'AWS::AppSync::GraphQLApi',
      {
        Name: Name ?? id,
        AuthenticationType,
        XrayEnabled,
        Tags: tagList(Tags),
        LogConfig: logConfig(id, properties, into),
      },
      ownAttributes(source),
    ),
  )
  into.add(
    `${id}Schema`,
    resource(
      'AWS::AppSync::GraphQLSchema',
      { ApiId: api, Definition: SchemaInline, DefinitionS3Location: SchemaUri },
      attributes,
    ),
  )
  for (const key of Object.keys(mapAt(properties['ApiKeys'], `${id}.ApiKeys`))) {
    into.add(`${id}${key}`, resource('AWS::AppSync::ApiKey', { ApiId: api }, attributes))
  }
  expandSources(id, properties, attributes, into)
}

function logConfig(id: string, properties: TemplateMap, into: Expansion): TemplateValue | undefined {
  const logging = properties['Logging']
  if (logging === false) return undefined
  const given = isMap(logging) ? logging : {}
  if (given['CloudWatchLogsRoleArn'] !== undefined) return given
  into.add(
    `${id}CloudWatchRole`,
    resource('AWS::IAM::Role', {
      AssumeRolePolicyDocument: assumedBy('appsync'),
      ManagedPolicyArns: [sub('arn:${AWS::Partition}:iam::aws:policy/service-role/AWSAppSyncPushToCloudWatchLogs')],
    }),
  )
  return { FieldLogLevel: 'ALL', ...given, CloudWatchLogsRoleArn: getAtt(`${id}CloudWatchRole`, 'Arn') }
}

function expandSources(id: string, properties: TemplateMap, attributes: TemplateMap, into: Expansion): void {
  const api = getAtt(id, 'ApiId')
  const sources = mapAt(properties['DataSources'], `${id}.DataSources`)
  for (const [kind, type] of [
    ['DynamoDb', 'AMAZON_DYNAMODB'],
    ['Lambda', 'AWS_LAMBDA'],
  ] as const) {
    for (const name of Object.keys(mapAt(sources[kind], `${id}.DataSources.${kind}`))) {
      const AssumeRolePolicyDocument = assumedBy('appsync')
      into.add(`${id}${name}Role`, resource('AWS::IAM::Role', { AssumeRolePolicyDocument }, attributes))
      into.add(
        `${id}${name}`,
        resource(
          'AWS::AppSync::DataSource',
          { ApiId: api, Name: name, Type: type, ServiceRoleArn: getAtt(`${id}${name}Role`, 'Arn') },
          attributes,
        ),
      )
    }
  }
  for (const name of Object.keys(mapAt(properties['Functions'], `${id}.Functions`))) {
    into.add(`${id}${name}`, resource('AWS::AppSync::FunctionConfiguration', { ApiId: api, Name: name }, attributes))
  }
  for (const [type, fields] of Object.entries(mapAt(properties['Resolvers'], `${id}.Resolvers`))) {
    for (const field of Object.keys(mapAt(fields, `${id}.Resolvers.${type}`))) {
      into.add(
        `${id}${type}${field}`,
        resource('AWS::AppSync::Resolver', { ApiId: api, TypeName: type, FieldName: field }, attributes),
      )
    }
  }
}
