// What is said in one environment while things happen: the lines of its processes and the platform's own words, kept for
// the invocation's record and told to the subscribers of the Telemetry API at once.
import type { Clock } from './clock.ts'
import type { ExtensionNote } from './extension.ts'
import type { ExtensionsApi } from './extensions-api.ts'
import { versionOf } from './function-spec.ts'
import type { InitRecord, InvocationRecord } from './invocation-record.ts'
import { LineCollector, type CollectedLines, type LineOrigin } from './line-collector.ts'
import type { LogEvent } from './log-stream.ts'
import {
  initDoneRecord,
  initReportRecord,
  initStartRecord,
  noteRecord,
  reportRecord,
  runtimeDoneRecord,
  startRecord,
  type Billing,
  type EventOrigin,
  type EventTracing,
  type RuntimeDone,
} from './platform-event.ts'
import { TelemetryApi } from './telemetry-api.ts'

export interface EnvironmentJournalOptions {
  readonly origin: EventOrigin
  readonly clock: Clock
  readonly billing: Billing
  readonly extensions: ExtensionsApi
  /** Where a line or a word belongs that comes now. */
  readonly now: () => LineOrigin
}

export class EnvironmentJournal {
  readonly api: TelemetryApi
  readonly #options: EnvironmentJournalOptions
  readonly #lines: LineCollector

  constructor(options: EnvironmentJournalOptions) {
    this.#options = options
    this.#lines = new LineCollector(options.clock)
    this.api = new TelemetryApi(options.extensions, (note) => this.note(note))
  }

  takeLines(): CollectedLines {
    return this.#lines.take()
  }

  /** @param extension that wrote it; undefined: the function */
  line(event: LogEvent, extension: string | undefined): void {
    const { now, clock, origin } = this.#options
    this.#lines.add(event, { ...now(), ...(extension === undefined ? {} : { extension }) })
    if (!this.api.listens) return
    const of = extension === undefined ? 'function' : 'extension'
    const structured = of === 'function' && origin.spec.logFormat === 'JSON'
    const timeNanos = event.timeNanos ?? clock()
    this.api.emit({ of, type: of, timeNanos, record: structured ? event.text : `${event.text}\n`, structured })
  }

  note(note: ExtensionNote): void {
    this.#lines.note(note, this.#options.now())
    const { type, record } = noteRecord(note)
    this.#tell(this.#options.clock(), type, () => record)
  }

  initStart({ phase, startNanos }: Pick<InitRecord, 'phase' | 'startNanos'>): void {
    this.#tell(startNanos, 'platform.initStart', () => initStartRecord(this.#options.origin, phase))
  }

  initRuntimeDone(init: Pick<InitRecord, 'phase' | 'status' | 'errorType' | 'endNanos'>): void {
    this.#tell(init.endNanos, 'platform.initRuntimeDone', () => initDoneRecord(this.#options.origin, init))
  }

  initReport(init: InitRecord): void {
    this.#tell(init.endNanos, 'platform.initReport', () => initReportRecord(this.#options.origin, init))
  }

  start(
    request: { readonly requestId: string; readonly functionArn: string; readonly tracing?: EventTracing | undefined },
    startNanos: bigint,
  ): void {
    this.#tell(startNanos, 'platform.start', () => ({
      ...startRecord(request.requestId, versionOf(this.#options.origin.spec), request.tracing),
      functionArn: request.functionArn,
    }))
  }

  runtimeDone(run: RuntimeDone, tracing: EventTracing | undefined): void {
    this.#tell(run.endNanos, 'platform.runtimeDone', () => runtimeDoneRecord(run, tracing))
  }

  report(record: InvocationRecord, tracing: EventTracing | undefined): void {
    const { requestId, reason, errorType, endNanos } = record
    const { billing, origin } = this.#options
    if (reason !== undefined)
      this.#tell(endNanos, 'platform.fault', () => `RequestId: ${requestId} Error: ${reason}\n${errorType}`)
    this.#tell(endNanos, 'platform.report', () => reportRecord(record, { spec: origin.spec, billing, tracing }))
  }

  #tell(timeNanos: bigint, type: string, record: () => unknown): void {
    if (this.api.listens) this.api.emit({ of: 'platform', timeNanos, type, record: record() })
  }
}
