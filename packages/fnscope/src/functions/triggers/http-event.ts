// Event format 2.0, of HTTP APIs and function URLs: a request to what a function gets. Pure; what is absent is left out.
import type { EventRoute } from './rest-event.ts'
import {
  bodyOf,
  formatRequestTime,
  group,
  headerOf,
  withGatewayHeaders,
  type ProxyContext,
  type ProxyRequest,
} from './proxy-request.ts'

export interface HttpEvent {
  readonly version: '2.0'
  readonly routeKey: string
  readonly rawPath: string
  readonly rawQueryString: string
  readonly cookies?: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly queryStringParameters?: Readonly<Record<string, string>>
  readonly requestContext: Readonly<Record<string, unknown>>
  readonly pathParameters?: Readonly<Record<string, string>>
  readonly stageVariables?: Readonly<Record<string, string>>
  readonly body?: string
  readonly isBase64Encoded: boolean
}

/** What a 2.0 event says of its API or URL. */
export interface HttpEventApi {
  readonly apiId: string
  readonly stage: string
  readonly stageVariables: Readonly<Record<string, string>>
  /** Of the cloud. */
  readonly domainName: string
}

/** `request.path` is the whole, with the stage. */
export function toHttpEvent(
  request: ProxyRequest,
  route: EventRoute & { readonly routeKey: string },
  api: HttpEventApi,
  context: ProxyContext,
): HttpEvent {
  const pairs = withGatewayHeaders(request, context).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    value,
  ])
  const cookies = pairs.filter(([name]) => name === 'cookie').flatMap(([, value]) => value.split(/;\s*/))
  const headers = joined(group(pairs.filter(([name]) => name !== 'cookie' && !HOP_BY_HOP.has(name))))
  const query = joined(group([...new URLSearchParams(request.query)]))
  const body = bodyOf(request, isText)
  return {
    version: '2.0',
    routeKey: route.routeKey,
    rawPath: rawPathOf(request.path),
    rawQueryString: request.query,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers: { 'content-length': '0', ...headers },
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: context.accountId,
      apiId: api.apiId,
      ...(route.authorizer === undefined ? {} : { authorizer: route.authorizer }),
      domainName: api.domainName,
      domainPrefix: api.apiId,
      http: {
        method: request.method,
        path: rawPathOf(request.path),
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.sourceIp,
        userAgent: headerOf(request, 'user-agent') ?? '',
      },
      requestId: context.requestId,
      routeKey: route.routeKey,
      stage: api.stage,
      time: formatRequestTime(context.timeMs),
      timeEpoch: context.timeMs,
    },
    ...(Object.keys(route.pathParameters).length === 0 ? {} : { pathParameters: route.pathParameters }),
    ...(Object.keys(api.stageVariables).length === 0 ? {} : { stageVariables: api.stageVariables }),
    ...(body.text === undefined ? {} : { body: body.text }),
    isBase64Encoded: body.base64,
  }
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'te', 'upgrade', 'expect'])

function joined(groups: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, values]) => [name, values.join(',')]))
}

/** The path comes decoded, in spite of its name. */
function rawPathOf(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

// Forms are no text here, unlike in format 1.0 of REST APIs.
const TEXTUAL = /^(text\/|application\/(json|xml|javascript)\b|[^;]+\+(json|xml)\b)/i

function isText(contentType: string | undefined): boolean {
  return contentType === undefined || TEXTUAL.test(contentType)
}
