// Lambda's and X-Ray's own APIs, as any client has them on the same port: what a function is configured with, its
// versions, a call of it, and sampling rules. The console has no second way to change these.
import { ApiError } from './api.ts'

/** FunctionConfiguration, as far as the console shows it. */
export interface FunctionConfiguration {
  readonly FunctionName: string
  readonly FunctionArn: string
  readonly Runtime?: string
  readonly Handler?: string
  readonly Description: string
  readonly Timeout: number
  readonly MemorySize: number
  readonly Version: string
  readonly LastModified?: string
  readonly CodeSha256?: string
  readonly Environment?: { readonly Variables?: Readonly<Record<string, string>> }
  readonly TracingConfig: { readonly Mode: 'Active' | 'PassThrough' }
  readonly Layers?: readonly { readonly Arn: string }[]
  readonly Architectures?: readonly string[]
  readonly EphemeralStorage?: { readonly Size: number }
  readonly LoggingConfig?: { readonly LogFormat?: string; readonly LogGroup?: string }
}

/** UpdateFunctionConfiguration: what is left out stays. */
export interface ConfigurationChange {
  readonly Handler?: string
  readonly Description?: string
  readonly Timeout?: number
  readonly MemorySize?: number
  readonly Environment?: { readonly Variables: Readonly<Record<string, string>> }
  readonly TracingConfig?: { readonly Mode: 'Active' | 'PassThrough' }
  readonly Layers?: readonly string[]
}

export interface Alias {
  readonly Name: string
  readonly FunctionVersion: string
  readonly Description?: string
}

const functionPath = (name: string): string => `/2015-03-31/functions/${encodeURIComponent(name)}`
const qualified = (path: string, version: string | undefined): string =>
  version === undefined ? path : `${path}?Qualifier=${encodeURIComponent(version)}`

export async function readConfiguration(
  name: string,
  version?: string,
  signal?: AbortSignal,
): Promise<FunctionConfiguration> {
  return await askJson(qualified(`${functionPath(name)}/configuration`, version), signal ? { signal } : {})
}

/** It takes effect on the next call. @throws ApiError in Lambda's words */
export async function updateConfiguration(name: string, change: ConfigurationChange): Promise<FunctionConfiguration> {
  return await askJson(`${functionPath(name)}/configuration`, { method: 'PUT', body: JSON.stringify(change) })
}

export async function listVersions(name: string, signal?: AbortSignal): Promise<readonly FunctionConfiguration[]> {
  const { Versions } = await askJson<{ readonly Versions: readonly FunctionConfiguration[] }>(
    `${functionPath(name)}/versions`,
    signal ? { signal } : {},
  )
  return Versions
}

export async function listAliases(name: string, signal?: AbortSignal): Promise<readonly Alias[]> {
  const { Aliases } = await askJson<{ readonly Aliases: readonly Alias[] }>(
    `${functionPath(name)}/aliases`,
    signal ? { signal } : {},
  )
  return Aliases
}

export async function publishVersion(name: string, description: string): Promise<FunctionConfiguration> {
  const body = JSON.stringify(description === '' ? {} : { Description: description })
  return await askJson(`${functionPath(name)}/versions`, { method: 'POST', body })
}

export interface InvokeResult {
  readonly status: number
  readonly payload: string
  readonly functionError: string | undefined
  /** The last 4 KB of its log. */
  readonly logTail: string
  readonly requestId: string | undefined
  readonly traceId: string | undefined
  readonly tookMs: number
}

export interface InvokeOptions {
  readonly version?: string | undefined
  readonly asynchronous?: boolean
}

/** @throws ApiError when it did not run: throttled, refused, unknown */
export async function invokeFunction(
  name: string,
  payload: string,
  { version, asynchronous = false }: InvokeOptions = {},
): Promise<InvokeResult> {
  const began = performance.now()
  const response = await ask(qualified(`${functionPath(name)}/invocations`, version), {
    method: 'POST',
    body: payload,
    headers: {
      'content-type': 'application/json',
      'x-amz-invocation-type': asynchronous ? 'Event' : 'RequestResponse',
      ...(asynchronous ? {} : { 'x-amz-log-type': 'Tail' }),
    },
  })
  const body = await response.text()
  const { headers } = response
  return {
    status: response.status,
    payload: body,
    functionError: headers.get('x-amz-function-error') ?? undefined,
    logTail: textOfBase64(headers.get('x-amz-log-result') ?? ''),
    requestId: headers.get('x-amzn-requestid') ?? undefined,
    traceId: /Root=([^;]+)/.exec(headers.get('x-amzn-trace-id') ?? '')?.[1],
    tookMs: performance.now() - began,
  }
}

function textOfBase64(encoded: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0)))
}

/** X-Ray's SamplingRule. */
export interface SamplingRule {
  readonly RuleName: string
  readonly Priority: number
  readonly FixedRate: number
  readonly ReservoirSize: number
  readonly ServiceName: string
  readonly ServiceType: string
  readonly Host: string
  readonly HTTPMethod: string
  readonly URLPath: string
  readonly ResourceARN: string
}

export async function readSamplingRules(signal?: AbortSignal): Promise<readonly SamplingRule[]> {
  const { SamplingRuleRecords } = await askJson<{
    readonly SamplingRuleRecords: readonly { readonly SamplingRule: SamplingRule }[]
  }>('/GetSamplingRules', { method: 'POST', body: '{}', ...(signal && { signal }) })
  return SamplingRuleRecords.map((record) => record.SamplingRule).toSorted((a, b) => a.Priority - b.Priority)
}

/** Makes a rule, or changes the one of that name. @throws ApiError in X-Ray's words */
export async function putSamplingRule(rule: SamplingRule, isNew: boolean): Promise<void> {
  const isDefault = rule.RuleName === 'Default'
  const { RuleName, FixedRate, ReservoirSize } = rule
  const change = isDefault ? { RuleName, FixedRate, ReservoirSize } : rule
  await (isNew
    ? askJson('/CreateSamplingRule', {
        method: 'POST',
        body: JSON.stringify({ SamplingRule: { ...rule, Version: 1 } }),
      })
    : askJson('/UpdateSamplingRule', { method: 'POST', body: JSON.stringify({ SamplingRuleUpdate: change }) }))
}

export async function deleteSamplingRule(ruleName: string): Promise<void> {
  await askJson('/DeleteSamplingRule', { method: 'POST', body: JSON.stringify({ RuleName: ruleName }) })
}

async function askJson<Answer>(path: string, init: RequestInit): Promise<Answer> {
  const headers = init.body === undefined ? {} : { 'content-type': 'application/json' }
  const response = await ask(path, { ...init, headers })
  return (await response.json()) as Answer
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(path, init).catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiError(0, 'unreachable', 'fnscope does not answer. Is it still running?')
  })
  if (response.ok) return response
  throw refusal(response, await response.text())
}

function refusal(response: Response, text: string): ApiError {
  const code = (response.headers.get('x-amzn-errortype') ?? '').split(':')[0]!
  try {
    const said = JSON.parse(text) as { readonly Message?: string; readonly message?: string }
    const message = said.Message ?? said.message
    if (message !== undefined) return new ApiError(response.status, code, message)
  } catch {
    // No JSON: what came is said.
  }
  return new ApiError(response.status, code, `fnscope answered ${response.status}: ${text.slice(0, 300)}`)
}
