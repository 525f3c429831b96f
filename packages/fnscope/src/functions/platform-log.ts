// The system's lines around a function's own: INIT_START, START, END, REPORT with XRAY, INIT_REPORT, and what is said of
// timeouts and exits, as text or as JSON events. Only formats what the invocation record says. A tab stands where the
// cloud's lines have one, and REPORT and XRAY are one event.
import { createHash } from 'node:crypto'
import { formatIsoMillis } from '../span/time.ts'
import { coldInit, type InitRecord, type InvocationRecord } from './invocation-record.ts'
import { noteEvent } from './platform-event.ts'
import type { ExtensionNote } from './extension.ts'
import type { FunctionSpec } from './function-spec.ts'

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
  readonly billing: 'sum' | 'duration'
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

const millis = (nanos: bigint): number => Number(nanos / 1000n) / 1000
const fixed = (nanos: bigint): string => millis(nanos).toFixed(2)

/** Milliseconds that are paid for: summed first, rounded up once. */
export function billedMillis(record: InvocationRecord, billing: SystemLogInput['billing']): number {
  const init = billing === 'sum' ? coldInit(record) : undefined
  const nanos = record.endNanos - record.startNanos + (init ? init.endNanos - init.startNanos : 0n)
  return Math.max(1, Math.ceil(millis(nanos)))
}

/** `Status` and `Error Type` as reports give them; nothing of an error that the handler raised and the runtime posted. */
function reportedStatus(
  record: InvocationRecord,
): { readonly status: string; readonly errorType?: string } | undefined {
  if (record.status === 'success') return undefined
  if (record.status === 'timeout') return { status: 'timeout' }
  const { errorType } = record
  return { status: 'error', ...(errorType === undefined ? {} : { errorType }) }
}

export function runtimeArn({ runtimeVersion, region }: Pick<SystemLogInput, 'runtimeVersion' | 'region'>): string {
  const hash = createHash('sha256').update(runtimeVersion).digest('hex')
  return `arn:aws:lambda:${region}::runtime:${hash}`
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
      line(startNanos, `START RequestId: ${record.requestId} Version: $LATEST\n`),
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
  const { record, spec, xray } = input
  const least = LEVELS.indexOf(spec.systemLogLevel ?? 'INFO')
  const event = (level: string, timeNanos: bigint, type: string, body: object, failed = false): SystemLine[] => {
    if (LEVELS.indexOf(level) < least) return []
    return [
      { timeNanos, text: `${JSON.stringify({ time: formatIsoMillis(timeNanos), type, record: body })}\n`, failed },
    ]
  }
  const [first] = record.inits
  const suppressed = record.inits.find((init) => init.phase === 'invoke')
  const tracing = xray && { spanId: xray.segmentId, type: 'X-Amzn-Trace-Id', value: xray.header }
  const initStart = (init: InitRecord): SystemLine[] =>
    event('INFO', init.startNanos, 'platform.initStart', {
      initializationType: 'on-demand',
      phase: init.phase,
      runtimeVersion: input.runtimeVersion,
      runtimeVersionArn: runtimeArn(input),
      functionName: spec.name,
      functionVersion: '$LATEST',
      instanceId: record.logStream,
      instanceMaxMemory: spec.memoryMb * 1024 * 1024,
    })
  const initDone = (init: InitRecord): SystemLine[] => {
    const { phase, status, errorType } = init
    const said = { initializationType: 'on-demand', phase, status, ...(errorType === undefined ? {} : { errorType }) }
    const metrics = { durationMs: millis(init.endNanos - init.startNanos) }
    const level = status === 'success' ? 'DEBUG' : 'WARN'
    return [
      ...event('DEBUG', init.endNanos, 'platform.initRuntimeDone', said),
      ...event(level, init.endNanos, 'platform.initReport', { ...said, metrics }, status !== 'success'),
    ]
  }
  const durationMs = millis(record.endNanos - record.startNanos)
  const errorType = record.errorType === undefined ? {} : { errorType: record.errorType }
  const init = coldInit(record)
  const outcome = { requestId: record.requestId, status: record.status, ...errorType }
  const failed = record.status !== 'success'
  return {
    beforeInit: first ? initStart(first) : [],
    betweenInits: first?.phase === 'init' ? [...initDone(first), ...(suppressed ? initStart(suppressed) : [])] : [],
    beforeInvoke: [
      ...(suppressed ? initDone(suppressed) : []),
      ...event('INFO', suppressed?.endNanos ?? record.startNanos, 'platform.start', {
        requestId: record.requestId,
        version: '$LATEST',
        ...(tracing ? { tracing } : {}),
      }),
    ],
    afterInvoke: [
      ...event('DEBUG', record.endNanos, 'platform.runtimeDone', {
        ...outcome,
        metrics: { durationMs, producedBytes: record.payload.byteLength },
        ...(tracing ? { tracing } : {}),
      }),
      ...event(
        failed ? 'WARN' : 'INFO',
        record.endNanos,
        'platform.report',
        {
          ...outcome,
          metrics: {
            durationMs,
            billedDurationMs: billedMillis(record, input.billing),
            memorySizeMB: spec.memoryMb,
            maxMemoryUsedMB: record.maxMemoryMb,
            ...(init ? { initDurationMs: millis(init.endNanos - init.startNanos) } : {}),
          },
          ...(tracing ? { tracing } : {}),
        },
        failed,
      ),
    ],
  }
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
  return { timeNanos, text: `${JSON.stringify(noteEvent(note, timeNanos))}\n`, failed }
}

export function systemLines(input: SystemLogInput): SystemLines {
  return input.spec.logFormat === 'JSON' ? jsonLines(input) : textLines(input)
}
