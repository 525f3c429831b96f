// The lines that Lambda itself writes into a function's log, read back: START, END, REPORT with XRAY, INIT_START, and the
// platform.* events of JSON logging. The writer of fnscope's own is functions/platform-log.ts.
import { parseTraceHeader } from '../span/trace-header.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import { parseLambdaRequestId, parseLogSpanId, parseLogTraceId } from './log-ids.ts'

export interface LambdaReport {
  readonly type: 'report'
  readonly requestId: string
  readonly durationMs: number
  readonly initDurationMs?: number
  /** timeout, error, failure; absent on success, and when the handler raised. */
  readonly status?: string
  readonly errorType?: string
  readonly memoryMb?: number
  readonly maxMemoryMb?: number
  /** The cloud's own: absent when the invocation was not traced, or by what writes no XRAY line. */
  readonly trace?: { readonly traceId: string; readonly segmentId: string; readonly sampled: boolean }
}

export type LambdaLine =
  | { readonly type: 'start'; readonly requestId: string; readonly traceHeader?: string }
  | { readonly type: 'end'; readonly requestId: string }
  | { readonly type: 'failed'; readonly requestId: string; readonly status: 'timeout' | 'failure' }
  /** INIT_START, EXTENSION …: of no request. */
  | { readonly type: 'other' }
  | LambdaReport

const ID = '([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})'
const START = new RegExp(`^START RequestId: ${ID}\\b`)
const END = new RegExp(`^END RequestId: ${ID}\\b`)
const REPORT = new RegExp(`^REPORT RequestId: ${ID}\\b`)
const TIMEOUT = new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z ${ID} Task timed out after `)
const EXITED = new RegExp(`^RequestId: ${ID} Error: Runtime exited`)
const OTHER = /^(?:INIT_START |INIT_REPORT |RESTORE_START |RESTORE_REPORT |EXTENSION\t|TELEMETRY\t|LOGS\t)/
const XRAY = /XRAY TraceId: (1-[0-9a-f]{8}-[0-9a-f]{24})\s+SegmentId: ([0-9a-f]{16})(?:\s+Sampled: (true|false))?/
/** Milliseconds or megabytes. */
const MAX_FIGURE = 1e10
const BEGINNINGS = /^(?:START |END |REPORT |RequestId: |INIT_|RESTORE_|EXTENSION|TELEMETRY|LOGS|\d{4}-|\{)/

/** undefined: a line of the function's own. */
export function parseLambdaLine(text: string): LambdaLine | undefined {
  // Asked of every line.
  if (!BEGINNINGS.test(text)) return undefined
  if (text.startsWith('{')) return text.includes('"platform.') ? parseEvent(text) : undefined
  const start = START.exec(text)?.[1]
  if (start !== undefined) return { type: 'start', requestId: start }
  const end = END.exec(text)?.[1]
  if (end !== undefined) return { type: 'end', requestId: end }
  const report = REPORT.exec(text)?.[1]
  if (report !== undefined) return reportOf(report, text)
  const timeout = TIMEOUT.exec(text)?.[1]
  if (timeout !== undefined) return { type: 'failed', requestId: timeout, status: 'timeout' }
  const exited = EXITED.exec(text)?.[1]
  if (exited !== undefined) return { type: 'failed', requestId: exited, status: 'failure' }
  return OTHER.test(text) ? { type: 'other' } : undefined
}

function reportOf(requestId: string, text: string): LambdaReport {
  // Billed Duration, Init Duration and Billed Restore Duration hold the same word.
  const number = (pattern: RegExp): number | undefined => {
    const found = pattern.exec(text)?.[1]
    return found === undefined ? undefined : figureOf(Number(found))
  }
  const initDurationMs = number(/\bInit Duration: ([\d.]+) ms/)
  const memoryMb = number(/\bMemory Size: (\d+) MB/)
  const maxMemoryMb = number(/\bMax Memory Used: (\d+) MB/)
  const status = /\bStatus: (\w+)/.exec(text)?.[1]
  const errorType = /\bError Type: ([\w.]+)/.exec(text)?.[1]
  const xray = XRAY.exec(text)
  const traceId = xray === null ? undefined : parseLogTraceId(xray[1]!)
  return {
    type: 'report',
    requestId,
    durationMs: number(/(?<!Billed |Init |Restore )\bDuration: ([\d.]+) ms/) ?? 0,
    ...(initDurationMs === undefined ? {} : { initDurationMs }),
    ...(memoryMb === undefined ? {} : { memoryMb }),
    ...(maxMemoryMb === undefined ? {} : { maxMemoryMb }),
    ...(status === undefined ? {} : { status }),
    ...(errorType === undefined ? {} : { errorType }),
    ...(traceId === undefined ? {} : { trace: { traceId, segmentId: xray![2]!, sampled: xray![3] !== 'false' } }),
  }
}

/** A log line may hold anything: what no invocation can have (a hundred days, a petabyte) is as if it were not said. */
function figureOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= MAX_FIGURE ? value : undefined
}

/** `{"time","type":"platform.report","record":{…}}` */
function parseEvent(text: string): LambdaLine | undefined {
  let event: unknown
  try {
    event = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isJsonObject(event) || typeof event['type'] !== 'string' || !event['type'].startsWith('platform.'))
    return undefined
  const record = isJsonObject(event['record']) ? event['record'] : {}
  const requestId = typeof record['requestId'] === 'string' ? parseLambdaRequestId(record['requestId']) : undefined
  if (requestId === undefined) return { type: 'other' }
  const tracing = isJsonObject(record['tracing']) ? record['tracing'] : {}
  const header = typeof tracing['value'] === 'string' ? tracing['value'] : undefined
  if (event['type'] === 'platform.start')
    return { type: 'start', requestId, ...(header === undefined ? {} : { traceHeader: header }) }
  return event['type'] === 'platform.report' ? eventReport(requestId, record, header, tracing) : { type: 'other' }
}

function eventReport(
  requestId: string,
  record: JsonObject,
  header: string | undefined,
  tracing: JsonObject,
): LambdaReport {
  const metrics = isJsonObject(record['metrics']) ? record['metrics'] : {}
  const number = (name: string): number | undefined => figureOf(metrics[name])
  const { traceId, sampled } = parseTraceHeader(header)
  const segmentId = typeof tracing['spanId'] === 'string' ? parseLogSpanId(tracing['spanId']) : undefined
  const initDurationMs = number('initDurationMs')
  const memoryMb = number('memorySizeMB')
  const maxMemoryMb = number('maxMemoryUsedMB')
  const status = typeof record['status'] === 'string' && record['status'] !== 'success' ? record['status'] : undefined
  return {
    type: 'report',
    requestId,
    durationMs: number('durationMs') ?? 0,
    ...(initDurationMs === undefined ? {} : { initDurationMs }),
    ...(memoryMb === undefined ? {} : { memoryMb }),
    ...(maxMemoryMb === undefined ? {} : { maxMemoryMb }),
    ...(status === undefined ? {} : { status }),
    ...(typeof record['errorType'] === 'string' ? { errorType: record['errorType'] } : {}),
    ...(traceId === undefined || segmentId === undefined
      ? {}
      : { trace: { traceId, segmentId, sampled: sampled !== false } }),
  }
}
