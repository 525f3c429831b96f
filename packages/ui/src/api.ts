// fnscope's own API as functions: typed by the server's own types, errors as ApiError. No state is here (see query.ts).
import type {
  ConsoleApp,
  ConsoleColdStarts,
  ConsoleDoor,
  ConsoleDoorSample,
  ConsoleFacets,
  ConsoleFunction,
  ConsoleFunctionFigures,
  ConsoleHealth,
  ConsoleLatencies,
  ConsoleLogHistogram,
  ConsoleLogLine,
  ConsoleMap,
  ConsoleMetric,
  ConsoleMetricColumns,
  ConsoleMetricPoint,
  ConsoleRetention,
  ConsoleRetentionDays,
  ConsoleRetentionPreview,
  ConsoleSavedEvent,
  ConsoleServices,
  ConsoleSettings,
  ConsoleTraceList,
  ConsoleWords,
} from '../../fnscope/src/api/console-types.ts'
import type {
  ConsoleSpanDetail,
  ConsoleTraceColumns,
  ConsoleTraceSearch,
} from '../../fnscope/src/api/console-trace-types.ts'

/** What the server answered instead: its code and sentence. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
  }
}

export type Parameters = Readonly<Record<string, string | number | undefined>>

/** `/api/x?a=b`, without what is undefined or empty. */
export function address(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== '') query.set(name, String(value))
  const text = query.toString()
  return text === '' ? path : `${path}?${text}`
}

/** GET, as JSON. @throws ApiError */
export async function get<Answer>(path: string, parameters?: Parameters, signal?: AbortSignal): Promise<Answer> {
  return await ask<Answer>(address(path, parameters), signal === undefined ? {} : { signal })
}

/** Any request with a JSON body or none; answers JSON, or undefined for no content. @throws ApiError */
export async function send<Answer>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
  const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  return await ask<Answer>(path, { method, ...json })
}

/** The same with JSON as somebody wrote it: its spaces stay. @throws ApiError */
export async function sendWritten<Answer>(method: 'POST' | 'PUT', path: string, json: string): Promise<Answer> {
  return await ask<Answer>(path, { method, body: json, headers: { 'content-type': 'application/json' } })
}

async function ask<Answer>(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init).catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiError(0, 'unreachable', 'fnscope does not answer. Is it still running?')
  })
  const text = await response.text()
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as Answer
  throw errorOf(response.status, text)
}

function errorOf(status: number, text: string): ApiError {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: string; message?: string } }
    if (error?.message !== undefined) return new ApiError(status, error.code ?? '', error.message)
  } catch {
    // Not ours: a proxy between, or nothing at all.
  }
  return new ApiError(status, '', `fnscope answered ${status}${text === '' ? '' : `: ${text.slice(0, 300)}`}`)
}

type Ask<Answer> = (parameters?: Parameters, signal?: AbortSignal) => Promise<Answer>

const asking =
  <Answer>(path: string): Ask<Answer> =>
  (parameters, signal) =>
    get<Answer>(path, parameters, signal)

export const api = {
  health: asking<ConsoleHealth>('/api/health'),
  apps: asking<{ readonly apps: readonly ConsoleApp[] }>('/api/apps'),
  functions: asking<{ readonly functions: readonly ConsoleFunction[] }>('/api/functions'),
  services: asking<ConsoleServices>('/api/services'),
  traces: asking<ConsoleTraceList>('/api/traces'),
  facets: asking<ConsoleFacets>('/api/facets'),
  latencies: asking<ConsoleLatencies>('/api/latencies'),
  map: asking<ConsoleMap>('/api/map'),
  logs: asking<{ readonly lines: readonly ConsoleLogLine[] }>('/api/logs'),
  logHistogram: asking<ConsoleLogHistogram>('/api/logs/histogram'),
  logContext: asking<{ readonly lines: readonly ConsoleLogLine[] }>('/api/logs/context'),
  metrics: asking<{ readonly points: readonly ConsoleMetricPoint[] }>('/api/metrics'),
  metricNames: asking<{ readonly metrics: readonly ConsoleMetric[]; readonly more: boolean }>('/api/metrics/names'),
  metricColumns: asking<ConsoleMetricColumns>('/api/metrics/columns'),
  functionFigures: asking<{ readonly functions: readonly ConsoleFunctionFigures[] }>('/api/function-figures'),
  coldStarts: (name: string, parameters?: Parameters, signal?: AbortSignal) =>
    get<ConsoleColdStarts>(`/api/functions/${encodeURIComponent(name)}/cold-starts`, parameters, signal),
  savedEvents: (name: string, signal?: AbortSignal) =>
    get<{ readonly events: readonly ConsoleSavedEvent[] }>(
      `/api/functions/${encodeURIComponent(name)}/events`,
      undefined,
      signal,
    ),
  doors: asking<{ readonly doors: readonly ConsoleDoor[] }>('/api/doors'),
  sendSample: (door: string) => send<ConsoleDoorSample>('POST', `/api/doors/${encodeURIComponent(door)}/sample`),
  settings: asking<ConsoleSettings>('/api/settings'),
  retention: asking<ConsoleRetention>('/api/retention'),
  previewRetention: asking<ConsoleRetentionPreview>('/api/retention/preview'),
  putRetention: ({ spansDays, logsDays, metricsDays }: ConsoleRetentionDays) =>
    send<ConsoleRetention>('PUT', '/api/retention', { spansDays, logsDays, metricsDays }),
  keys: asking<ConsoleWords>('/api/keys'),
  values: asking<ConsoleWords>('/api/values'),
  trace: (id: string, parameters?: Parameters, signal?: AbortSignal) =>
    get<ConsoleTraceColumns>(`${traceAddress(id)}/columns`, parameters, signal),
  span: (id: string, span: string, signal?: AbortSignal) =>
    get<ConsoleSpanDetail>(`${traceAddress(id)}/spans/${encodeURIComponent(span)}`, undefined, signal),
  searchTrace: (id: string, q: string, signal?: AbortSignal) =>
    get<ConsoleTraceSearch>(`${traceAddress(id)}/search`, { q }, signal),
}

export function traceAddress(id: string): string {
  return `/api/traces/${encodeURIComponent(id)}`
}
