// The headers that Function Compute sends to its runtimes with every request: all of them are there, possibly empty. From
// them a runtime makes its context object; a custom runtime gets them as they are.
import type { FcHttpRequest } from './fc-spec.ts'
import type { FunctionSpec } from './function-spec.ts'

export type FcControl = 'initialize' | 'invoke' | 'pre-freeze' | 'pre-stop'

export interface FcCallFacts {
  readonly requestId: string
  readonly control: FcControl
  readonly spanContext: string
  readonly baggages: string
  /** Empty when the door is closed, or the invocation is not traced. */
  readonly jaegerEndpoint: string
  readonly retryCount: number
  readonly http?: FcHttpRequest | undefined
}

export interface FcPlace {
  readonly region: string
  readonly accountId: string
  readonly accessKeyId: string
  readonly instanceId: string
}

const FUNCTION_TYPE: Readonly<Record<FcControl, string>> = {
  invoke: '0',
  initialize: '1',
  'pre-stop': '2',
  'pre-freeze': '3',
}

export function fcHeaders(spec: FunctionSpec, call: FcCallFacts, place: FcPlace): Record<string, string> {
  const fc = spec.fc!
  const hook = call.control === 'initialize' ? fc.initializer : undefined
  const path = call.control === 'invoke' && call.http !== undefined ? '/http-invoke' : `/${call.control}`
  return {
    'x-fc-request-id': call.requestId,
    'x-fc-access-key-id': place.accessKeyId,
    'x-fc-access-key-secret': 'local',
    'x-fc-security-token': 'local',
    'x-fc-account-id': place.accountId,
    'x-fc-region': place.region,
    'x-fc-function-name': spec.name,
    'x-fc-function-handler': spec.handler,
    'x-fc-function-memory': String(spec.memoryMb),
    'x-fc-function-timeout': String(spec.timeoutSeconds),
    'x-fc-function-type': FUNCTION_TYPE[call.control],
    'x-fc-function-initializer': fc.initializer?.handler ?? '',
    'x-fc-initialization-timeout': String(hook?.timeoutSeconds ?? ''),
    'x-fc-instance-lifecycle-pre-stop-handler': fc.preStop?.handler ?? '',
    'x-fc-instance-lifecycle-pre-freeze-handler': fc.preFreeze?.handler ?? '',
    'x-fc-service-name': fc.service,
    'x-fc-service-logproject': fc.logProject,
    'x-fc-service-logstore': fc.logStore,
    'x-fc-qualifier': 'LATEST',
    'x-fc-version-id': '',
    'x-fc-retry-count': String(call.retryCount),
    'x-fc-client-ip': call.http?.clientIp ?? '',
    'x-fc-instance-id': place.instanceId,
    'x-fc-control-path': path,
    'x-fc-base-path': '',
    'x-fc-http-params': call.http === undefined ? '' : httpParams(call.http),
    'x-fc-trace-id': '',
    'x-fc-tracing-opentracing-span-context': call.spanContext,
    'x-fc-tracing-opentracing-span-baggages': call.baggages,
    'x-fc-tracing-jaeger-endpoint': call.jaegerEndpoint,
  }
}

/** Base64 of what edition 2's runtimes need to know of an HTTP request besides its body. */
function httpParams({ method, path, query, headers, clientIp }: FcHttpRequest): string {
  const queriesMap: Record<string, string[]> = {}
  for (const [name, value] of new URLSearchParams(query)) (queriesMap[name] ??= []).push(value)
  const headersMap: Record<string, string[]> = {}
  for (const [name, value] of headers) (headersMap[name.toLowerCase()] ??= []).push(value)
  const requestURI = query === '' ? path : `${path}?${query}`
  return Buffer.from(
    JSON.stringify({ path, method, requestURI, clientIP: clientIp, host: '', queriesMap, headersMap }),
  ).toString('base64')
}
