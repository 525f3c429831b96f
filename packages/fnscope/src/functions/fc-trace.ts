// The spans that Function Compute itself records of a request: the root InvokeFunction, under it ColdStart (PrepareCode,
// RuntimeInitialization) and Initializer where there was a new instance, and Invocation, whose id the handler is told.
// Only formats what the records say.
import { newSpanId } from '../span/id.ts'
import { completeSpan, type Cause, type Span } from '../span/span.ts'
import { ROOT_RANK } from '../span/span-batch.ts'
import { initAnatomySpans, runImportSpans } from './anatomy/anatomy-spans.ts'
import { fcArn } from './fc-arn.ts'
import { runEndNanos, runStartNanos } from './fc-log.ts'
import type { FunctionSpec } from './function-spec.ts'
import type { InvocationRecord } from './invocation-record.ts'
import type { TraceContext } from './trace-context.ts'

/** The node of the service map. */
export const FC_ORIGIN = 'ALIYUN::FC::Function'

export interface FcRunRecords {
  readonly requestId: string
  readonly acceptedNanos: bigint
  /** When the caller had its answer. */
  readonly answeredNanos: bigint
  readonly initialize: InvocationRecord | undefined
  /** Absent: the initializer failed. */
  readonly invoke: InvocationRecord | undefined
  /** Of span_context. */
  readonly invocationId: string
  /** Of the initializer's. */
  readonly initializerId: string
  readonly error: { readonly message: string; readonly cause: Cause } | undefined
  readonly http?: { readonly method: string; readonly url: string; readonly status: number } | undefined
}

const KIND = { internal: 1, server: 2 } as const

export function fcSpans(
  spec: FunctionSpec,
  trace: Pick<TraceContext, 'traceId' | 'parentId' | 'segmentId'>,
  place: { readonly accountId: string; readonly region: string },
  run: FcRunRecords,
): Span[] {
  const records = [run.initialize, run.invoke].filter((record) => record !== undefined)
  const inits = records.flatMap((record) => record.inits)
  const fault = records.some(({ status }) => status === 'failure' || status === 'timeout')
  const { error } = run
  const flags = error === undefined ? {} : { fault, error: !fault, statusCode: 2, statusMessage: error.message }
  const outcome = error === undefined ? {} : { ...flags, cause: error.cause }
  const fc = spec.fc!
  const attributes = {
    requestId: run.requestId,
    functionName: spec.name,
    serviceName: fc.service,
    qualifier: 'LATEST',
    versionId: '',
    ...(records[0] === undefined ? {} : { instanceId: records[0].logStream }),
  }
  const common = {
    traceId: trace.traceId,
    source: 'fc',
    service: spec.name,
    accountId: place.accountId,
    resourceArn: fcArn(spec, place),
    requestId: run.requestId,
    receivedNanos: run.answeredNanos,
    attributes,
  }
  const root = completeSpan({
    ...common,
    ...flags,
    name: 'InvokeFunction',
    spanId: trace.segmentId,
    ...(trace.parentId === undefined ? {} : { parentId: trace.parentId }),
    startNanos: run.acceptedNanos,
    endNanos: run.answeredNanos,
    kind: KIND.server,
    segment: true,
    rootRank: trace.parentId === undefined ? ROOT_RANK.root : ROOT_RANK.entry,
    origin: FC_ORIGIN,
    coldStart: inits.length > 0,
    ...(run.http === undefined ? {} : { http: run.http }),
  })
  const part = (name: string, startNanos: bigint, endNanos: bigint, more: Partial<Span> = {}): Span =>
    completeSpan({
      ...common,
      name,
      spanId: newSpanId(),
      parentId: trace.segmentId,
      startNanos,
      endNanos,
      kind: KIND.internal,
      ...more,
    })
  const spans = [root]
  const [first] = inits
  const last = inits.at(-1)
  if (first !== undefined && last !== undefined) {
    const broken = last.status === 'success' ? {} : { fault: true, statusCode: 2 }
    const coldStart = part('ColdStart', run.acceptedNanos, last.endNanos, broken)
    const under = { parentId: coldStart.spanId }
    spans.push(coldStart, part('PrepareCode', run.acceptedNanos, first.startNanos, under))
    for (const init of inits) {
      const runtime = part('RuntimeInitialization', init.startNanos, init.endNanos, { ...under, ...broken })
      spans.push(runtime, ...initAnatomySpans(init, common, runtime.spanId))
    }
  }
  const add = (name: string, record: InvocationRecord, more: Partial<Span> & { readonly spanId: string }): void => {
    const within = { startNanos: runStartNanos(record), endNanos: runEndNanos(record) }
    spans.push(part(name, within.startNanos, within.endNanos, more))
    spans.push(...runImportSpans(record, common, { ...within, parentId: more.spanId }))
  }
  const ran = ({ inits: own }: InvocationRecord): boolean =>
    own.every((init) => init.phase === 'init' || init.status === 'success')
  if (run.initialize !== undefined && ran(run.initialize)) {
    const own = { ...(run.invoke === undefined ? outcome : {}), spanId: run.initializerId }
    add('Initializer', run.initialize, own)
  }
  if (run.invoke !== undefined && ran(run.invoke)) {
    const own = { ...outcome, spanId: run.invocationId }
    add('Invocation', run.invoke, own)
  }
  return spans
}
