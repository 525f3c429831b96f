// AWS::Serverless::Api and HttpApi, explicit or implicit: the API with its document, deployment and stage, what authorizers
// and usage plans add. Routes of functions' events were gathered before.
import { intrinsicOf, isMap, mapAt, type TemplateMap, type TemplateValue, spell } from '../template-value.ts'
import { documentPaths, withOptions } from './api-document.ts'
import { expandDomain } from './api-domain.ts'
import type { Expansion, SamResource } from './expansion.ts'
import {
  hashedId,
  ownAttributes,
  passedOn,
  ref,
  resource,
  s3Location,
  sub,
  tagList,
  written,
  type Attributes,
} from './parts.ts'

export function expandRestApi({ id, source, properties }: SamResource, into: Expansion): void {
  const attributes = passedOn(source)
  const body = restDocument(id, properties, into)
  const s3 = s3Location(properties['DefinitionUri'])
  into.add(
    id,
    resource(
      'AWS::ApiGateway::RestApi',
      {
        Name: properties['Name'],
        Description: properties['Description'],
        Body: body,
        BodyS3Location: s3 && written({ Bucket: s3.bucket, Key: s3.key, Version: s3.version }),
        BinaryMediaTypes: properties['BinaryMediaTypes'],
        MinimumCompressionSize: properties['MinimumCompressionSize'],
        ApiKeySourceType: properties['ApiKeySourceType'],
        DisableExecuteApiEndpoint: properties['DisableExecuteApiEndpoint'],
        FailOnWarnings: properties['FailOnWarnings'],
        Mode: properties['Mode'],
        Policy: properties['Policy'],
        EndpointConfiguration: endpoints(properties['EndpointConfiguration']),
        Parameters: isMap(properties['EndpointConfiguration'])
          ? { endpointConfigurationTypes: properties['EndpointConfiguration']['Type'] ?? 'EDGE' }
          : typeof properties['EndpointConfiguration'] === 'string'
            ? { endpointConfigurationTypes: properties['EndpointConfiguration'] }
            : undefined,
        Tags: tagList(properties['Tags']),
      },
      ownAttributes(source),
    ),
  )
  const deployment = hashedId(`${id}Deployment`, body ?? properties['DefinitionUri'] ?? id)
  into.add(
    deployment,
    resource(
      'AWS::ApiGateway::Deployment',
      {
        RestApiId: ref(id),
        Description: `RestApi deployment id: ${deployment.slice(`${id}Deployment`.length)}`,
        StageName: 'Stage',
      },
      attributes,
    ),
  )
  const StageName = properties['StageName']
  const stage = stageIdOf(id, StageName)
  into.add(
    stage,
    resource(
      'AWS::ApiGateway::Stage',
      {
        RestApiId: ref(id),
        DeploymentId: ref(deployment),
        StageName,
        TracingEnabled: properties['TracingEnabled'],
        Variables: properties['Variables'],
        MethodSettings: properties['MethodSettings'],
        AccessLogSetting: properties['AccessLogSetting'],
        CacheClusterEnabled: properties['CacheClusterEnabled'],
        CacheClusterSize: properties['CacheClusterSize'],
        CanarySetting: properties['CanarySetting'],
        Tags: properties['PropagateTags'] === true ? tagList(properties['Tags']) : undefined,
      },
      attributes,
    ),
  )
  into.renamed.set(`${id}.Deployment`, deployment)
  into.renamed.set(`${id}.Stage`, stage)
  expandAuthorizers(id, properties, attributes, into)
  expandUsagePlan(id, properties, { stage, attributes }, into)
  expandDomain(id, properties, { stage, attributes, version: 1 }, into)
}

function stageIdOf(id: string, stage: TemplateValue | undefined): string {
  if (typeof stage !== 'string') return `${id}Stage`
  return /^[A-Za-z0-9]+$/.test(stage) ? `${id}${stage}Stage` : hashedId(`${id}Stage`, stage)
}

function endpoints(value: TemplateValue | undefined): TemplateValue | undefined {
  if (typeof value === 'string') return { Types: [value] }
  if (!isMap(value)) return value
  const { Type, VPCEndpointIds, IpAddressType } = value
  return written({ Types: Type === undefined ? undefined : [Type], VpcEndpointIds: VPCEndpointIds, IpAddressType })
}

function restDocument(id: string, properties: TemplateMap, into: Expansion): TemplateMap | undefined {
  const routes = into.routes.get(id) ?? []
  const given = properties['DefinitionBody']
  if (given !== undefined && (!isMap(given) || intrinsicOf(given) || properties['MergeDefinitions'] !== true)) {
    return isMap(given) ? given : undefined
  }
  if (given === undefined && properties['DefinitionUri'] !== undefined) return undefined
  const body = isMap(given) ? given : {}
  const paths = documentPaths(routes, mapAt(body['paths'], `${id}.DefinitionBody.paths`), 1)
  const open = spell(into.known(properties['OpenApiVersion']) ?? '')
  return {
    ...(open.startsWith('3') ? { openapi: open } : { swagger: '2.0' }),
    info: { title: ref('AWS::StackName'), version: '1.0' },
    ...body,
    paths: properties['Cors'] === undefined ? paths : withOptions(paths),
  }
}

export function expandHttpApi({ id, source, properties }: SamResource, into: Expansion): void {
  const attributes = passedOn(source)
  const given = properties['DefinitionBody']
  const s3 = s3Location(properties['DefinitionUri'])
  const body = isMap(given) ? given : {}
  const paths = documentPaths(into.routes.get(id) ?? [], mapAt(body['paths'], `${id}.DefinitionBody.paths`), 2)
  into.add(
    id,
    resource(
      'AWS::ApiGatewayV2::Api',
      {
        Body:
          s3 === undefined
            ? {
                openapi: '3.0.1',
                info: { title: properties['Name'] ?? ref('AWS::StackName'), version: '1.0' },
                ...body,
                paths,
              }
            : undefined,
        BodyS3Location: s3 && written({ Bucket: s3.bucket, Key: s3.key, Version: s3.version }),
        Description: properties['Description'],
        FailOnWarnings: properties['FailOnWarnings'],
        DisableExecuteApiEndpoint: properties['DisableExecuteApiEndpoint'],
      },
      ownAttributes(source),
    ),
  )
  const StageName = properties['StageName'] ?? '$default'
  const stage = StageName === '$default' ? `${id}ApiGatewayDefaultStage` : stageIdOf(id, StageName)
  into.add(
    stage,
    resource(
      'AWS::ApiGatewayV2::Stage',
      {
        ApiId: ref(id),
        StageName,
        AutoDeploy: true,
        StageVariables: properties['StageVariables'],
        AccessLogSettings: properties['AccessLogSettings'],
        DefaultRouteSettings: properties['DefaultRouteSettings'],
        RouteSettings: properties['RouteSettings'],
        Tags: { 'httpapi:createdBy': 'SAM', ...mapAt(properties['Tags'], `${id}.Tags`) },
      },
      attributes,
    ),
  )
  into.renamed.set(`${id}.Stage`, stage)
  expandAuthorizers(id, properties, attributes, into)
  expandDomain(id, properties, { stage, attributes, version: 2 }, into)
}

/** A function that authorizes must be callable by the API. */
function expandAuthorizers(id: string, properties: TemplateMap, attributes: Attributes, into: Expansion): void {
  const authorizers = mapAt(mapAt(properties['Auth'], `${id}.Auth`)['Authorizers'], `${id}.Auth.Authorizers`)
  for (const [name, authorizer] of Object.entries(authorizers)) {
    const arn = isMap(authorizer) ? authorizer['FunctionArn'] : undefined
    if (!isMap(authorizer) || arn === undefined) continue
    if (authorizer['FunctionInvokeRole'] !== undefined && authorizer['FunctionInvokeRole'] !== 'NONE') continue
    if (
      authorizer['AuthorizerPayloadFormatVersion'] !== undefined &&
      authorizer['EnableFunctionDefaultPermissions'] !== true
    )
      continue
    into.add(
      `${id}${name}AuthorizerPermission`,
      resource(
        'AWS::Lambda::Permission',
        {
          Action: 'lambda:InvokeFunction',
          FunctionName: arn,
          Principal: 'apigateway.amazonaws.com',
          SourceArn: sub(
            'arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/authorizers/*',
            { __ApiId__: ref(id) },
          ),
        },
        attributes,
      ),
    )
  }
}

function expandUsagePlan(
  id: string,
  properties: TemplateMap,
  of: { readonly stage: string; readonly attributes: Attributes },
  into: Expansion,
): void {
  const plan = mapAt(mapAt(properties['Auth'], `${id}.Auth`)['UsagePlan'], `${id}.Auth.UsagePlan`)
  const kind = plan['CreateUsagePlan']
  if (kind !== 'PER_API' && kind !== 'SHARED') return
  const prefix = kind === 'SHARED' ? 'Serverless' : id
  const stages = [{ ApiId: ref(id), Stage: ref(of.stage) }]
  const { Description, Quota, Tags, Throttle, UsagePlanName } = plan
  into.add(
    `${prefix}UsagePlan`,
    resource(
      'AWS::ApiGateway::UsagePlan',
      { ApiStages: stages, Description, Quota, Tags, Throttle, UsagePlanName },
      { ...of.attributes, DependsOn: [id] },
    ),
  )
  const StageKeys = [{ RestApiId: ref(id), StageName: ref(of.stage) }]
  into.add(
    `${prefix}ApiKey`,
    resource(
      'AWS::ApiGateway::ApiKey',
      { Enabled: true, StageKeys },
      { ...of.attributes, DependsOn: [`${prefix}UsagePlan`] },
    ),
  )
  into.add(
    `${prefix}UsagePlanKey`,
    resource(
      'AWS::ApiGateway::UsagePlanKey',
      { KeyId: ref(`${prefix}ApiKey`), KeyType: 'API_KEY', UsagePlanId: ref(`${prefix}UsagePlan`) },
      { ...of.attributes, DependsOn: [`${prefix}ApiKey`] },
    ),
  )
}
