// The system's lines around a function's own: INIT_START, START, END, REPORT with XRAY, INIT_REPORT, and what is said of
// timeouts and exits, as text or as JSON events. Only formats what the invocation record says. A tab stands where the
// cloud's lines have one, and REPORT and XRAY are one event.
import { formatIsoMillis } from '../span/time.ts'
import { coldInit, type InitRecord, type InvocationRecord } from './invocation-record.ts'
import {
  billedMillis,
  initDoneRecord,
  initReportRecord,
  initStartRecord,
  millis,
  noteRecord,
  platformEvent,
  reportRecord,
  runtimeArn,
  runtimeDoneRecord,
  startRecord,
  type Billing,
  type EventOrigin,
  type EventTracing,
} from './platform-event.ts'
import type { ExtensionNote } from './extension.ts'
import { versionOf, type FunctionSpec } from './function-spec.ts'

export interface SystemLogInput {
  readonly spec: FunctionSpec
  readonly record: InvocationRecord
  /** python:3.11.7 */
  readonly runtimeVersion: string
  readonly region: string
  /** Absent: the log has no XRAY line. */
  readonly xray?: {
    readonly traceId: string
    readonly segmentId: string
    readonly sampled: boolean
    readonly header: string
  }
  /** sum: since August 2025 the init of a first invocation is billed; duration: before. */
  readonly billing: Billing
}

export interface SystemLine {
  readonly timeNanos: bigint
  /** With its newlines. */
  readonly text: string
  readonly failed: boolean
}

/** The system's lines by their place among the function's. */
export interface SystemLines {
  readonly beforeInit: readonly SystemLine[]
  /** After the lines of an init that failed, before the init inside the invocation. */
  readonly betweenInits: readonly SystemLine[]
  readonly beforeInvoke: readonly SystemLine[]
  readonly afterInvoke: readonly SystemLine[]
}

const fixed = (nanos: bigint): string => millis(nanos).toFixed(2)

/** `Status` and `Error Type` as reports give them; nothing of an error that the handler raised and the runtime posted. */
function reportedStatus(
  record: InvocationRecord,
): { readonly status: string; readonly errorType?: string } | undefined {
  if (record.status === 'success') return undefined
  if (record.status === 'timeout') return { status: 'timeout' }
  const { errorType } = record
  return { status: 'error', ...(errorType === undefined ? {} : { errorType }) }
}

function initReport(init: InitRecord): SystemLine {
  const error = init.errorType === undefined ? '' : `\tError Type: ${init.errorType}`
  const status = init.status === 'failure' ? 'error' : init.status
  const duration = fixed(init.endNanos - init.startNanos)
  const text = `INIT_REPORT Init Duration: ${duration} ms\tPhase: ${init.phase}\tStatus: ${status}${error}\n`
  return { timeNanos: init.endNanos, text, failed: init.status !== 'success' }
}

function reportText(input: SystemLogInput): string {
  const { record, spec, xray } = input
  const init = coldInit(record)
  const posted = record.status === 'error' && record.responseNanos !== undefined
  const status = posted ? undefined : reportedStatus(record)
  const parts = [
    `REPORT RequestId: ${record.requestId}`,
    `Duration: ${fixed(record.endNanos - record.startNanos)} ms`,
    `Billed Duration: ${billedMillis(record, input.billing)} ms`,
    `Memory Size: ${spec.memoryMb} MB`,
    `Max Memory Used: ${record.maxMemoryMb} MB`,
    ...(init ? [`Init Duration: ${fixed(init.endNanos - init.startNanos)} ms`] : []),
    ...(status ? [`Status: ${status.status}`] : []),
    ...(status?.errorType === undefined ? [] : [`Error Type: ${status.errorType}`]),
  ]
  const report = `${parts.join('\t')}\t\n`
  if (!xray) return report
  return `${report}XRAY TraceId: ${xray.traceId}\tSegmentId: ${xray.segmentId}\tSampled: ${xray.sampled}\t\n`
}

function failureText(input: SystemLogInput): string | undefined {
  const { record, spec } = input
  if (record.status === 'timeout') {
    const seconds = spec.timeoutSeconds.toFixed(2)
    return `${formatIsoMillis(record.endNanos)} ${record.requestId} Task timed out after ${seconds} seconds\n\n`
  }
  if (record.status !== 'failure') return undefined
  return `RequestId: ${record.requestId} Error: ${record.reason}\n${record.errorType}\n`
}

function textLines(input: SystemLogInput): SystemLines {
  const { record } = input
  const [first] = record.inits
  const suppressed = record.inits.find((init) => init.phase === 'invoke')
  const initStart = `INIT_START Runtime Version: ${input.runtimeVersion}\tRuntime Version ARN: ${runtimeArn(input)}\n`
  const startNanos = suppressed?.endNanos ?? record.startNanos
  const failure = failureText(input)
  const line = (timeNanos: bigint, text: string, failed = false): SystemLine => ({ timeNanos, text, failed })
  return {
    beforeInit: first ? [line(first.startNanos, initStart)] : [],
    betweenInits: first?.phase === 'init' && first.status !== 'success' ? [initReport(first)] : [],
    beforeInvoke: [
      ...(suppressed ? [initReport(suppressed)] : []),
      line(startNanos, `START RequestId: ${record.requestId} Version: ${versionOf(input.spec)}\n`),
    ],
    afterInvoke: [
      ...(failure === undefined ? [] : [line(record.endNanos, failure, true)]),
      line(record.endNanos, `END RequestId: ${record.requestId}\n`),
      line(record.endNanos, reportText(input)),
    ],
  }
}

const LEVELS = ['DEBUG', 'INFO', 'WARN']

function jsonLines(input: SystemLogInput): SystemLines {
  const { record, spec, xray, billing } = input
  const least = LEVELS.indexOf(spec.systemLogLevel ?? 'INFO')
  const event = (level: string, timeNanos: bigint, type: string, body: object, failed = false): SystemLine[] => {
    if (LEVELS.indexOf(level) < least) return []
    return [{ timeNanos, text: `${JSON.stringify(platformEvent(timeNanos, type, body))}\n`, failed }]
  }
  const [first] = record.inits
  const suppressed = record.inits.find((init) => init.phase === 'invoke')
  const tracing = xray && eventTracing(xray)
  const { initializationType = 'on-demand', logStream } = record
  const origin: EventOrigin = { ...input, initializationType, logStream }
  const initStart = ({ startNanos, phase }: InitRecord): SystemLine[] =>
    event('INFO', startNanos, 'platform.initStart', initStartRecord(origin, phase))
  const initDone = (init: InitRecord): SystemLine[] => {
    const failed = init.status !== 'success'
    return [
      ...event('DEBUG', init.endNanos, 'platform.initRuntimeDone', initDoneRecord(origin, init)),
      ...event(failed ? 'WARN' : 'DEBUG', init.endNanos, 'platform.initReport', initReportRecord(origin, init), failed),
    ]
  }
  const failed = record.status !== 'success'
  const startNanos = suppressed?.endNanos ?? record.startNanos
  const { runtimeDoneNanos = record.endNanos } = record
  return {
    beforeInit: first ? initStart(first) : [],
    betweenInits: first?.phase === 'init' ? [...initDone(first), ...(suppressed ? initStart(suppressed) : [])] : [],
    beforeInvoke: [
      ...(suppressed ? initDone(suppressed) : []),
      ...event('INFO', startNanos, 'platform.start', startRecord(record.requestId, versionOf(spec), tracing)),
    ],
    afterInvoke: [
      ...event('DEBUG', runtimeDoneNanos, 'platform.runtimeDone', runtimeDoneRecord(record, tracing)),
      ...event(
        failed ? 'WARN' : 'INFO',
        record.endNanos,
        'platform.report',
        reportRecord(record, { spec, billing, tracing }),
        failed,
      ),
    ],
  }
}

/** As events have what an XRAY line says. */
export function eventTracing({ segmentId, header }: NonNullable<SystemLogInput['xray']>): EventTracing {
  return { spanId: segmentId, type: 'X-Amzn-Trace-Id', value: header }
}

const upperFirst = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

function noteText(note: ExtensionNote): string {
  if (note.about === 'dropped') return `LOGS\tDropped: ${note.records}\tBytes: ${note.bytes}\tReason: ${note.reason}\n`
  if (note.about === 'subscription') {
    const word = note.api === 'logs' ? 'LOGS' : 'TELEMETRY'
    return `${word}\tName: ${note.name}\tState: Subscribed\tTypes: [${note.types.map(upperFirst).join(', ')}]\n`
  }
  const error = note.errorType === undefined ? '' : `\tError Type: ${note.errorType}`
  return `EXTENSION\tName: ${note.name}\tState: ${note.state}\tEvents: [${note.events.join(', ')}]${error}\n`
}

/** What is said of an extension, as a line of its own; undefined: the log's level hides it. */
export function noteLine(spec: FunctionSpec, note: ExtensionNote, timeNanos: bigint): SystemLine | undefined {
  const failed = note.about === 'extension' && note.errorType !== undefined
  if (spec.logFormat !== 'JSON') return { timeNanos, text: noteText(note), failed }
  if (!failed && LEVELS.indexOf(spec.systemLogLevel ?? 'INFO') > LEVELS.indexOf('INFO')) return undefined
  const { type, record } = noteRecord(note)
  return { timeNanos, text: `${JSON.stringify(platformEvent(timeNanos, type, record))}\n`, failed }
}

export function systemLines(input: SystemLogInput): SystemLines {
  return input.spec.logFormat === 'JSON' ? jsonLines(input) : textLines(input)
}
