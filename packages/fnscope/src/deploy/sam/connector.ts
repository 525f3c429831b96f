// AWS::Serverless::Connector, and the Connectors attribute of other resources: the policy, permission or resource policy
// that lets one resource use another. Which of them it is depends on the pair; nothing is enforced by it.
import { isList, isMap, mapAt, type TemplateMap, type TemplateValue, typeOf, spell } from '../template-value.ts'
import type { Expansion, SamResource } from './expansion.ts'
import { getAtt, passedOn, ref, resource } from './parts.ts'

/** Of these the source needs no right of its own: the destination's policy names the source. */
const BY_PERMISSION = new Set([
  'AWS::S3::Bucket',
  'AWS::SNS::Topic',
  'AWS::ApiGateway::RestApi',
  'AWS::ApiGatewayV2::Api',
  'AWS::Serverless::Api',
  'AWS::Serverless::HttpApi',
])
const RULE = 'AWS::Events::Rule'

export function expandConnector({ id, source, properties }: SamResource, into: Expansion): void {
  const from = mapAt(properties['Source'], `${id}.Source`)
  const given = properties['Destination']
  const destinations = isList(given) ? given : [given ?? null]
  for (const [index, to] of destinations.entries()) {
    const suffix = isList(given) ? `Destination${index}` : ''
    expandPair(
      { id, suffix, from, to: mapAt(to, `${id}.Destination`), permissions: properties['Permissions'], source },
      into,
    )
  }
}

/** Connectors written on the resource that they start from. */
export function expandEmbedded(sourceId: string, source: TemplateMap, into: Expansion): void {
  for (const [name, connector] of Object.entries(mapAt(source['Connectors'], `${sourceId}.Connectors`))) {
    if (!isMap(connector)) continue
    const own = mapAt(connector['Properties'], `${sourceId}.Connectors.${name}`)
    const properties = { ...own, Source: { ...mapAt(own['SourceReference'], name), Id: sourceId } }
    expandConnector({ id: `${sourceId}${name}`, source, properties }, into)
  }
}

interface Pair {
  readonly id: string
  readonly suffix: string
  readonly from: TemplateMap
  readonly to: TemplateMap
  readonly permissions: TemplateValue | undefined
  readonly source: TemplateMap
}

function expandPair({ id, suffix, from, to, permissions, source }: Pair, into: Expansion): void {
  const fromType = typeIn(from, into)
  const toType = typeIn(to, into)
  const attributes = passedOn(source)
  const target = spell(to['Id'] ?? '')
  const origin = spell(from['Id'] ?? '')
  if (toType.endsWith('::Function') && (BY_PERMISSION.has(fromType) || fromType === RULE)) {
    into.add(
      `${id}WriteLambdaPermission${suffix}`,
      resource(
        'AWS::Lambda::Permission',
        {
          Action: 'lambda:InvokeFunction',
          FunctionName: getAtt(target, 'Arn'),
          Principal: principal(fromType),
          SourceArn: arnOf(origin, fromType),
        },
        attributes,
      ),
    )
    return
  }
  if (fromType === RULE || fromType === 'AWS::SNS::Topic') {
    const kind = toType === 'AWS::SNS::Topic' ? 'Topic' : 'Queue'
    into.add(
      `${id}${kind}Policy${suffix}`,
      resource(
        kind === 'Topic' ? 'AWS::SNS::TopicPolicy' : 'AWS::SQS::QueuePolicy',
        { PolicyDocument: document(permissions, arnOf(target, toType)), [`${kind}s`]: [ref(target)] },
        attributes,
      ),
    )
    return
  }
  into.add(
    `${id}Policy${suffix}`,
    resource(
      'AWS::IAM::ManagedPolicy',
      { PolicyDocument: document(permissions, arnOf(target, toType)), Roles: [ref(`${origin}Role`)] },
      {
        ...attributes,
        Metadata: { 'aws:sam:connectors': { [id]: { Source: { Type: fromType }, Destination: { Type: toType } } } },
      },
    ),
  )
}

function typeIn(side: TemplateMap, into: Expansion): string {
  const id = side['Id']
  return typeof id === 'string' ? typeOf(into.sources[id]) : spell(side['Type'] ?? '')
}

function principal(type: string): string {
  const service = type.split('::')[1]!.toLowerCase()
  return `${type.includes('Api') ? 'apigateway' : service}.amazonaws.com`
}

function arnOf(id: string, type: string): TemplateMap {
  return type === 'AWS::SNS::Topic' || type.endsWith('StateMachine') ? ref(id) : getAtt(id, 'Arn')
}

function document(permissions: TemplateValue | undefined, target: TemplateMap): TemplateMap {
  const Sid = isList(permissions) ? permissions.map(spell).join('') : 'Access'
  return { Version: '2012-10-17', Statement: [{ Sid, Effect: 'Allow', Action: [], Resource: [target] }] }
}
