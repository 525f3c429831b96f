// Who may call an operation of an OpenAPI document: its security requirements, or the document's, and the authorizers that
// its security schemes carry in API Gateway's extensions. A scheme without an extension guards nothing there, nor here.
import type { AuthorizerSpec } from '../functions/trigger-spec.ts'
import { isList, isMap, spell, type TemplateMap, type TemplateValue } from './template-value.ts'
import { functionNameIn } from './trigger-context.ts'

export interface Guard {
  readonly authorizer?: AuthorizerSpec
  readonly apiKeyRequired?: true
}

/** Authorizers from elsewhere that operations may name, and who guards an operation that says nothing. */
export interface OuterAuth {
  readonly authorizers: ReadonlyMap<string, AuthorizerSpec>
  readonly defaultName: string | undefined
}

type Scheme = AuthorizerSpec | 'api key'

const NO_AUTH: OuterAuth = { authorizers: new Map(), defaultName: undefined }

/** @param body resolved @returns what guards an operation of it */
export function readGuards(
  body: TemplateMap,
  api: 'rest' | 'http',
  outer: OuterAuth = NO_AUTH,
): (operation: TemplateMap) => Guard {
  const schemes = new Map<string, Scheme>(outer.authorizers)
  const written = mapIn(body['securityDefinitions']) ?? mapIn(mapIn(body['components'])?.['securitySchemes']) ?? {}
  for (const [name, scheme] of Object.entries(written)) {
    const read = isMap(scheme) ? schemeOf(name, scheme, api) : undefined
    if (read !== undefined) schemes.set(name, read)
  }
  const usual =
    body['security'] ?? (outer.defaultName === undefined ? [] : [{ [outer.defaultName]: [] as TemplateValue[] }])
  return (operation) => {
    const own = spell(mapIn(operation['x-amazon-apigateway-auth'])?.['type']).toUpperCase()
    if (own === 'AWS_IAM') return { authorizer: { kind: 'iam' } }
    if (own === 'NONE') return {}
    return guardOf(operation['security'] ?? usual, schemes)
  }
}

function guardOf(security: TemplateValue, schemes: ReadonlyMap<string, Scheme>): Guard {
  const wanted = (isList(security) ? security.filter(isMap) : []).flatMap((one) => Object.entries(one))
  const known = wanted.flatMap(([name, scopes]) => {
    const scheme = name === 'NONE' ? undefined : schemes.get(name)
    return scheme === undefined ? [] : [{ scheme, scopes: isList(scopes) ? scopes.map((scope) => spell(scope)) : [] }]
  })
  const guard = known.find(({ scheme }) => scheme !== 'api key')
  const keyed = known.some(({ scheme }) => scheme === 'api key')
  return {
    ...(guard === undefined ? {} : { authorizer: scoped(guard.scheme as AuthorizerSpec, guard.scopes) }),
    ...(keyed ? { apiKeyRequired: true } : {}),
  }
}

function scoped(authorizer: AuthorizerSpec, scopes: readonly string[]): AuthorizerSpec {
  return authorizer.kind === 'jwt' && scopes.length > 0 ? { ...authorizer, scopes } : authorizer
}

function schemeOf(name: string, scheme: TemplateMap, api: 'rest' | 'http'): Scheme | undefined {
  const authorizer = mapIn(scheme['x-amazon-apigateway-authorizer'])
  const authType = spell(scheme['x-amazon-apigateway-authtype']).toLowerCase()
  const header = spell(scheme['name'])
  if (authType === 'awssigv4') return { kind: 'iam' }
  if (authorizer === undefined)
    return spell(scheme['type']) === 'apiKey' && header.toLowerCase() === 'x-api-key' ? 'api key' : undefined
  const type = spell(authorizer['type']).toLowerCase()
  const sources = textsIn(authorizer['identitySource'])
  if (type === 'jwt') return jwtOf(name, authorizer, sources)
  const headerSource = `method.request.header.${header || 'Authorization'}`
  if (type === 'cognito_user_pools') return { kind: 'cognito', name, identitySource: headerSource }
  const validation = spell(authorizer['identityValidationExpression'])
  const token = api === 'rest' && type !== 'request'
  return {
    kind: 'lambda',
    name,
    functionName: functionNameIn(spell(authorizer['authorizerUri'])) ?? '',
    type: token ? 'TOKEN' : 'REQUEST',
    identitySources: token ? [headerSource] : sources,
    ...(validation === '' ? {} : { validation }),
    ttlSeconds: Number(authorizer['authorizerResultTtlInSeconds'] ?? (api === 'rest' ? 300 : 0)),
    payload: api === 'rest' || spell(authorizer['authorizerPayloadFormatVersion']).startsWith('1') ? '1.0' : '2.0',
    simpleAnswers: spell(authorizer['enableSimpleResponses']) === 'true',
  }
}

function jwtOf(name: string, authorizer: TemplateMap, [source]: readonly string[]): AuthorizerSpec {
  const jwt = mapIn(authorizer['jwtConfiguration']) ?? {}
  return {
    kind: 'jwt',
    name,
    identitySource: source ?? '$request.header.Authorization',
    issuer: spell(jwt['issuer']),
    audience: textsIn(jwt['audience']),
    scopes: [],
  }
}

/** A list, or one text with commas. */
function textsIn(value: TemplateValue | undefined): string[] {
  const texts = isList(value) ? value.map((one) => spell(one)) : spell(value).split(',')
  return texts.map((text) => text.trim()).filter((text) => text !== '')
}

function mapIn(value: TemplateValue | undefined): TemplateMap | undefined {
  return isMap(value) ? value : undefined
}
