// Events of a CloudWatch log stream to log records and, where a line is embedded metrics, to points. Lines of a function's
// group are joined to their invocation: those from START to REPORT, for an environment runs one at a time.
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import { millisToNanos } from '../span/time.ts'
import { severityOfName } from '../span/severity.ts'
import { decodeEmf, isEmf } from './emf.ts'
import { parseLambdaLine, type LambdaLine } from './lambda-log.ts'
import { parseLogLine } from './log-line.ts'

export interface LogEvent {
  readonly timestampMs: number
  readonly message: string
}

export interface LogStreamName {
  readonly group: string
  readonly stream: string
}

export interface DecodedEvents {
  readonly logs: LogRecord[]
  readonly metrics: MetricPoint[]
}

/** What a stream's last lines said, for the next ones: which invocation is running. */
export interface StreamState {
  requestId?: string
}

const FUNCTION_GROUP = /^\/aws\/lambda\/(?:[a-z]+-[a-z]+-\d\.)?([^/]+)$/

/** The function of a group `/aws/lambda/NAME`. */
export function functionOfGroup(group: string): string | undefined {
  return FUNCTION_GROUP.exec(group)?.[1]
}

/** @param events in their order @param state of the stream; changed */
export function decodeLogEvents(
  events: readonly LogEvent[],
  name: LogStreamName,
  state: StreamState,
  receivedNanos: bigint,
): DecodedEvents {
  const functionName = functionOfGroup(name.group)
  const logs: LogRecord[] = []
  const metrics: MetricPoint[] = []
  for (const { timestampMs, message } of events) {
    const text = message.replace(/\n+$/, '')
    const system = functionName === undefined ? undefined : parseLambdaLine(text)
    const record = recordOf({ text, timeNanos: millisToNanos(timestampMs) }, { ...name, functionName, receivedNanos }, [
      system,
      state,
    ])
    logs.push(record)
    if (system === undefined && isEmf(text)) {
      const { service, requestId, traceId } = record
      const ids = { ...(requestId === undefined ? {} : { requestId }), ...(traceId === undefined ? {} : { traceId }) }
      metrics.push(...decodeEmf(text, { service, receivedNanos, ...ids }).points)
    }
  }
  return { logs: withTraces(logs), metrics }
}

function recordOf(
  line: { readonly text: string; readonly timeNanos: bigint },
  stream: LogStreamName & { readonly functionName: string | undefined; readonly receivedNanos: bigint },
  [system, state]: readonly [LambdaLine | undefined, StreamState],
): LogRecord {
  const base = {
    timeNanos: line.timeNanos,
    receivedNanos: stream.receivedNanos,
    logGroup: stream.group,
    logStream: stream.stream,
    resource: {},
  }
  if (system !== undefined) {
    if (system.type === 'start') state.requestId = system.requestId
    const requestId = 'requestId' in system ? system.requestId : undefined
    if (system.type === 'report') delete state.requestId
    const failed = system.type === 'failed' || (system.type === 'report' && system.status !== undefined)
    const { traceId, segmentId } = (system.type === 'report' && system.trace) || {}
    return {
      ...base,
      kind: 'platform',
      service: stream.functionName ?? stream.group,
      ...(failed ? severityOfName('ERROR') : { severity: '', severityNumber: 0 }),
      ...(requestId === undefined ? {} : { requestId }),
      ...(traceId === undefined || segmentId === undefined ? {} : { traceId, spanId: segmentId }),
      body: line.text,
      attributes: {},
    }
  }
  const {
    body,
    attributes,
    service,
    severity,
    severityNumber,
    requestId = state.requestId,
    ...ids
  } = parseLogLine(line.text)
  return {
    ...base,
    kind: stream.functionName === undefined ? 'cloudwatch' : 'function',
    service: stream.functionName ?? service ?? stream.group,
    severity,
    severityNumber,
    ...(requestId === undefined ? {} : { requestId }),
    ...ids,
    body,
    attributes,
  }
}

/** What one line of a request says of its trace holds for those that say nothing. */
function withTraces(logs: readonly LogRecord[]): LogRecord[] {
  const traces = new Map<string, string>()
  for (const { requestId, traceId, kind } of logs)
    if (requestId !== undefined && traceId !== undefined && (kind === 'platform' || !traces.has(requestId)))
      traces.set(requestId, traceId)
  return logs.map((record) => {
    const traceId = record.requestId === undefined ? undefined : traces.get(record.requestId)
    return record.traceId !== undefined || traceId === undefined ? record : { ...record, traceId }
  })
}
