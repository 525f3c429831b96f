// API Gateway's event format 1.0, of REST APIs and of HTTP APIs that ask for it: a request to what a function gets.
// Pure; shapes as the cloud's, seen in events recorded there.
import {
  bodyOf,
  formatRequestTime,
  group,
  headerOf,
  withGatewayHeaders,
  type ProxyContext,
  type ProxyRequest,
} from './proxy-request.ts'

export interface ProxyEvent {
  readonly resource: string
  readonly path: string
  readonly httpMethod: string
  readonly headers: Readonly<Record<string, string>> | null
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>> | null
  readonly queryStringParameters: Readonly<Record<string, string>> | null
  readonly multiValueQueryStringParameters: Readonly<Record<string, readonly string[]>> | null
  readonly pathParameters: Readonly<Record<string, string>> | null
  readonly stageVariables: Readonly<Record<string, string>> | null
  readonly requestContext: Readonly<Record<string, unknown>>
  readonly body: string | null
  readonly isBase64Encoded: boolean
}

/** What a 1.0 event says of its API. */
export interface EventApi {
  readonly apiId: string
  readonly stage: string
  readonly stageVariables: Readonly<Record<string, string>>
  readonly binaryMediaTypes?: readonly string[]
}

/** Where the request went, and what an authorizer found. */
export interface EventRoute {
  /** The route's: /hello/{name} */
  readonly path: string
  readonly pathParameters: Readonly<Record<string, string>>
  /** requestContext.authorizer */
  readonly authorizer?: Readonly<Record<string, unknown>>
  /** Members of requestContext.identity. */
  readonly identity?: Readonly<Record<string, unknown>>
}

export function toProxyEvent(
  request: ProxyRequest,
  route: EventRoute,
  api: EventApi,
  context: ProxyContext,
): ProxyEvent {
  const headers = group(withGatewayHeaders(request, context))
  const query = group([...new URLSearchParams(request.query)])
  const body = bodyOf(request, (type) => isText(type, api.binaryMediaTypes))
  const userAgent = headerOf(request, 'user-agent')
  const domainName = `${api.apiId}.execute-api.${context.region}.amazonaws.com`
  return {
    resource: route.path,
    path: request.path,
    httpMethod: request.method,
    headers: orNull(lastValues(headers)),
    multiValueHeaders: orNull(headers),
    queryStringParameters: orNull(lastValues(query)),
    multiValueQueryStringParameters: orNull(query),
    pathParameters: orNull(route.pathParameters),
    stageVariables: orNull(api.stageVariables),
    requestContext: {
      resourceId: resourceIdOf(route.path),
      resourcePath: route.path,
      httpMethod: request.method,
      extendedRequestId: context.extendedRequestId,
      requestTime: formatRequestTime(context.timeMs),
      path: api.stage === '$default' ? request.path : `/${api.stage}${request.path === '/' ? '' : request.path}`,
      accountId: context.accountId,
      protocol: `HTTP/${request.httpVersion}`,
      stage: api.stage,
      domainPrefix: api.apiId,
      requestTimeEpoch: context.timeMs,
      requestId: context.requestId,
      ...(route.authorizer === undefined ? {} : { authorizer: route.authorizer }),
      identity: {
        cognitoIdentityPoolId: null,
        accountId: null,
        cognitoIdentityId: null,
        caller: null,
        sourceIp: request.sourceIp,
        principalOrgId: null,
        accessKey: null,
        cognitoAuthenticationType: null,
        cognitoAuthenticationProvider: null,
        userArn: null,
        userAgent: userAgent ?? null,
        user: null,
        ...route.identity,
      },
      domainName,
      apiId: api.apiId,
    },
    body: body.text ?? null,
    isBase64Encoded: body.base64,
  }
}

function lastValues(groups: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, values]) => [name, values.at(-1) ?? '']))
}

function orNull<T extends object>(map: T): T | null {
  return Object.keys(map).length === 0 ? null : map
}

const TEXTUAL =
  /^(text\/|multipart\/form-data|application\/(json|xml|javascript|x-www-form-urlencoded|graphql|x-ndjson|yaml)\b|[^;]+\+(json|xml)\b)/i

/** The template's binary types, where it names any; else what is known to be text. */
function isText(contentType: string | undefined, binaryMediaTypes: readonly string[] | undefined): boolean {
  if (contentType === undefined) return binaryMediaTypes?.includes('*/*') !== true
  if (binaryMediaTypes === undefined) return TEXTUAL.test(contentType)
  const type = contentType.split(';')[0]!.trim().toLowerCase()
  return !binaryMediaTypes.some((binary) => {
    const [main, sub] = binary.toLowerCase().split('/')
    return binary === type || (main === '*' && sub === '*') || (sub === '*' && type.startsWith(`${main}/`))
  })
}

// Six characters that stay the same for a path; the cloud draws them when it makes the resource.
function resourceIdOf(path: string): string {
  let hash = 0x811c9dc5
  for (const char of path) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193) >>> 0
  return hash.toString(36).padStart(6, '0').slice(-6)
}
