// The platform's events as the Telemetry API delivers them and as a log in JSON format prints them: `{time, type, record}`.
// Only formats what environment.ts saw.
import { createHash } from 'node:crypto'
import { formatIsoMillis } from '../span/time.ts'
import { coldInit, type InitRecord, type InvocationRecord } from './invocation-record.ts'
import type { ExtensionNote } from './extension.ts'
import { versionOf, type FunctionSpec } from './function-spec.ts'

export interface PlatformEvent {
  /** ISO 8601, to the millisecond. */
  readonly time: string
  readonly type: string
  readonly record: unknown
}

/** What is the same in all events of one environment. */
export interface EventOrigin {
  readonly spec: FunctionSpec
  readonly initializationType: string
  /** python:3.11.7 */
  readonly runtimeVersion: string
  readonly region: string
  readonly logStream: string
}

/** `platform.start.tracing` and its like; absent: the invocation is not announced as traced. */
export interface EventTracing {
  readonly spanId: string
  readonly type: 'X-Amzn-Trace-Id'
  readonly value: string
}

export type Billing = 'sum' | 'duration'

export const millis = (nanos: bigint): number => Number(nanos / 1000n) / 1000

export function platformEvent(timeNanos: bigint, type: string, record: unknown): PlatformEvent {
  return { time: formatIsoMillis(timeNanos), type, record }
}

export function runtimeArn({ runtimeVersion, region }: Pick<EventOrigin, 'runtimeVersion' | 'region'>): string {
  const hash = createHash('sha256').update(runtimeVersion).digest('hex')
  return `arn:aws:lambda:${region}::runtime:${hash}`
}

/** Milliseconds that are paid for: summed first, rounded up once. */
export function billedMillis(record: InvocationRecord, billing: Billing): number {
  // Provisioned environments are paid for by the hour.
  const onDemand = record.initializationType !== 'provisioned-concurrency'
  const init = billing === 'sum' && onDemand ? coldInit(record) : undefined
  const nanos = record.endNanos - record.startNanos + (init ? init.endNanos - init.startNanos : 0n)
  return Math.max(1, Math.ceil(millis(nanos)))
}

export function initStartRecord(origin: EventOrigin, phase: InitRecord['phase']): object {
  const { spec } = origin
  return {
    initializationType: origin.initializationType,
    phase,
    runtimeVersion: origin.runtimeVersion,
    runtimeVersionArn: runtimeArn(origin),
    functionName: spec.name,
    functionVersion: versionOf(spec),
    instanceId: origin.logStream,
    instanceMaxMemory: spec.memoryMb * 1024 * 1024,
  }
}

export function initDoneRecord(
  { initializationType }: Pick<EventOrigin, 'initializationType'>,
  { phase, status, errorType }: Pick<InitRecord, 'phase' | 'status' | 'errorType'>,
): object {
  return { initializationType, phase, status, ...(errorType === undefined ? {} : { errorType }) }
}

export function initReportRecord(origin: Pick<EventOrigin, 'initializationType'>, init: InitRecord): object {
  return { ...initDoneRecord(origin, init), metrics: { durationMs: millis(init.endNanos - init.startNanos) } }
}

export function startRecord(requestId: string, version: string, tracing: EventTracing | undefined): object {
  return { requestId, version, ...(tracing ? { tracing } : {}) }
}

/** A run of the runtime that is over. */
export type RuntimeDone = Pick<
  InvocationRecord,
  | 'requestId'
  | 'status'
  | 'errorType'
  | 'startNanos'
  | 'responseBeganNanos'
  | 'responseNanos'
  | 'runtimeDoneNanos'
  | 'endNanos'
  | 'payload'
  | 'streamedBytes'
>

function outcomeOf({ requestId, status, errorType }: RuntimeDone): object {
  return { requestId, status, ...(errorType === undefined ? {} : { errorType }) }
}

function part(name: string, fromNanos: bigint, toNanos: bigint): object {
  return { name, start: formatIsoMillis(fromNanos), durationMs: millis(toNanos - fromNanos) }
}

export function runtimeDoneRecord(run: RuntimeDone, tracing: EventTracing | undefined): object {
  const { startNanos, responseNanos, responseBeganNanos = responseNanos, endNanos, runtimeDoneNanos = endNanos } = run
  const parts =
    responseNanos === undefined || responseBeganNanos === undefined
      ? []
      : [
          part('responseLatency', startNanos, responseBeganNanos),
          part('responseDuration', responseBeganNanos, responseNanos),
          part('runtimeOverhead', responseNanos, runtimeDoneNanos),
        ]
  return {
    ...outcomeOf(run),
    metrics: {
      durationMs: millis(runtimeDoneNanos - startNanos),
      producedBytes: run.streamedBytes ?? run.payload.byteLength,
    },
    ...(parts.length > 0 ? { spans: parts } : {}),
    ...(tracing ? { tracing } : {}),
  }
}

export function reportRecord(
  record: InvocationRecord,
  {
    spec,
    billing,
    tracing,
  }: { readonly spec: FunctionSpec; readonly billing: Billing; readonly tracing: EventTracing | undefined },
): object {
  const init = coldInit(record)
  const { runtimeDoneNanos, endNanos } = record
  return {
    ...outcomeOf(record),
    metrics: {
      durationMs: millis(endNanos - record.startNanos),
      billedDurationMs: billedMillis(record, billing),
      memorySizeMB: spec.memoryMb,
      maxMemoryUsedMB: record.maxMemoryMb,
      ...(init ? { initDurationMs: millis(init.endNanos - init.startNanos) } : {}),
    },
    ...(runtimeDoneNanos === undefined ? {} : { spans: [part('extensionOverhead', runtimeDoneNanos, endNanos)] }),
    ...(tracing ? { tracing } : {}),
  }
}

/** The type and record of what is said of an extension. */
export function noteRecord(note: ExtensionNote): { readonly type: string; readonly record: object } {
  if (note.about === 'dropped') {
    const { records: droppedRecords, bytes: droppedBytes, reason } = note
    return { type: 'platform.logsDropped', record: { droppedRecords, droppedBytes, reason } }
  }
  const { name } = note
  if (note.about === 'subscription') {
    const type = note.api === 'logs' ? 'platform.logsSubscription' : 'platform.telemetrySubscription'
    return { type, record: { name, state: 'Subscribed', types: note.types } }
  }
  const { state, events, errorType } = note
  const error = errorType === undefined ? {} : { errorType }
  return { type: 'platform.extension', record: { name, state, events, ...error } }
}
