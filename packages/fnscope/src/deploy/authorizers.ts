// Authorizers of APIs, as SAM's Auth and as resources of their own spell them.
import type { AuthorizerSpec } from '../functions/trigger-spec.ts'
import { functionNameIn, refText, resourcesOf, type TriggerContext } from './trigger-context.ts'
import { invalid, spell } from './template-value.ts'
import type { ValueReader } from './value-reader.ts'

export interface ApiAuth {
  readonly authorizers: ReadonlyMap<string, AuthorizerSpec>
  readonly defaultName: string | undefined
  readonly apiKeyRequired: boolean
}

/** @param auth of AWS::Serverless::Api or HttpApi */
export function readSamAuth(auth: ValueReader, api: 'rest' | 'http'): ApiAuth {
  const authorizers = new Map<string, AuthorizerSpec>([['AWS_IAM', { kind: 'iam' }]])
  for (const [name, properties] of auth.entries('Authorizers'))
    authorizers.set(name, api === 'rest' ? samRestAuthorizer(name, properties) : samHttpAuthorizer(name, properties))
  return {
    authorizers,
    defaultName: auth.text('DefaultAuthorizer'),
    apiKeyRequired: auth.flag('ApiKeyRequired') ?? false,
  }
}

/** Of one route: its own, or the API's default unless it says NONE. */
export function authorizerOf(auth: ApiAuth, event: ValueReader): { readonly authorizer?: AuthorizerSpec } {
  const name = event.inner('Auth').text('Authorizer') ?? auth.defaultName
  if (name === undefined || name === 'NONE') return {}
  const authorizer = auth.authorizers.get(name)
  if (authorizer === undefined)
    throw invalid(`${event.at('Auth')} means the authorizer ${name}, which its API has not among its Authorizers.`)
  const scopes = event.inner('Auth').texts('AuthorizationScopes')
  return { authorizer: authorizer.kind === 'jwt' && scopes.length > 0 ? { ...authorizer, scopes } : authorizer }
}

function samRestAuthorizer(name: string, properties: ValueReader): AuthorizerSpec {
  const identity = properties.inner('Identity')
  const header = `method.request.header.${identity.text('Header') ?? 'Authorization'}`
  if (properties.raw['UserPoolArn'] !== undefined) return { kind: 'cognito', name, identitySource: header }
  const type = properties.oneOf('FunctionPayloadType', ['TOKEN', 'REQUEST']) ?? 'TOKEN'
  const validation = identity.text('ValidationExpression')
  return {
    kind: 'lambda',
    name,
    functionName: functionNameIn(properties.required('FunctionArn')) ?? '',
    type,
    identitySources: type === 'TOKEN' ? [header] : identitySources(identity, 'method.request.'),
    ...(validation === undefined ? {} : { validation }),
    ttlSeconds: identity.integer('ReauthorizeEvery', 0, 3600) ?? 300,
    payload: '1.0',
    simpleAnswers: false,
  }
}

function samHttpAuthorizer(name: string, properties: ValueReader): AuthorizerSpec {
  if (properties.raw['JwtConfiguration'] !== undefined) {
    const jwt = properties.inner('JwtConfiguration')
    return {
      kind: 'jwt',
      name,
      identitySource: properties.text('IdentitySource') ?? '$request.header.Authorization',
      issuer: jwt.text('issuer') ?? jwt.text('Issuer') ?? '',
      audience: [...jwt.texts('audience'), ...jwt.texts('Audience')],
      scopes: properties.texts('AuthorizationScopes'),
    }
  }
  const identity = properties.inner('Identity')
  return {
    kind: 'lambda',
    name,
    functionName: functionNameIn(properties.required('FunctionArn')) ?? '',
    type: 'REQUEST',
    identitySources: identitySources(identity, '$request.'),
    ttlSeconds: identity.integer('ReauthorizeEvery', 0, 3600) ?? 0,
    payload: properties.oneOf('AuthorizerPayloadFormatVersion', ['1.0', '2.0']) ?? '2.0',
    simpleAnswers: properties.flag('EnableSimpleResponses') ?? false,
  }
}

function identitySources(identity: ValueReader, request: string): string[] {
  const outer = request.startsWith('$') ? '$' : ''
  return [
    ...identity.texts('Headers').map((name) => `${request}header.${name}`),
    ...identity.texts('QueryStrings').map((name) => `${request}querystring.${name}`),
    ...identity.texts('StageVariables').map((name) => `${outer}stageVariables.${name}`),
    ...identity.texts('Context').map((name) => `${outer}context.${name}`),
  ]
}

/** AWS::ApiGateway::Authorizer and AWS::ApiGatewayV2::Authorizer, by what a Ref to them gives. */
export function readAuthorizerResources(context: TriggerContext): Map<string, AuthorizerSpec> {
  const found = new Map<string, AuthorizerSpec>()
  for (const [id, properties] of resourcesOf(context, 'AWS::ApiGateway::Authorizer')) {
    const type = properties.required('Type')
    const source = properties.text('IdentitySource') ?? 'method.request.header.Authorization'
    if (type === 'COGNITO_USER_POOLS') {
      found.set(refText(context, id), { kind: 'cognito', name: id, identitySource: source })
      continue
    }
    const validation = properties.text('IdentityValidationExpression')
    found.set(refText(context, id), {
      kind: 'lambda',
      name: id,
      functionName: functionNameIn(properties.required('AuthorizerUri')) ?? '',
      type: type === 'REQUEST' ? 'REQUEST' : 'TOKEN',
      identitySources: source.split(',').map((part) => part.trim()),
      ...(validation === undefined ? {} : { validation }),
      ttlSeconds: properties.integer('AuthorizerResultTtlInSeconds', 0, 3600) ?? 300,
      payload: '1.0',
      simpleAnswers: false,
    })
  }
  for (const [id, properties] of resourcesOf(context, 'AWS::ApiGatewayV2::Authorizer'))
    found.set(refText(context, id), httpAuthorizer(id, properties))
  return found
}

function httpAuthorizer(id: string, properties: ValueReader): AuthorizerSpec {
  const sources = properties.texts('IdentitySource')
  if (properties.text('AuthorizerType') === 'JWT') {
    const jwt = properties.inner('JwtConfiguration')
    return {
      kind: 'jwt',
      name: id,
      identitySource: sources[0] ?? '$request.header.Authorization',
      issuer: jwt.text('Issuer') ?? '',
      audience: jwt.texts('Audience'),
      scopes: [],
    }
  }
  return {
    kind: 'lambda',
    name: id,
    functionName: functionNameIn(properties.required('AuthorizerUri')) ?? '',
    type: 'REQUEST',
    identitySources: sources,
    ttlSeconds: properties.integer('AuthorizerResultTtlInSeconds', 0, 3600) ?? 0,
    payload: spell(properties.value('AuthorizerPayloadFormatVersion')).startsWith('1') ? '1.0' : '2.0',
    simpleAnswers: properties.flag('EnableSimpleResponses') ?? false,
  }
}
