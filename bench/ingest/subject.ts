// What the ingest benchmark measures, fnscope and others alike: how one is started, loaded, asked and ended.

/** How the generator speaks to it; all but the datagrams are acknowledged. */
export type Protocol = 'otlp-http' | 'otlp-grpc' | 'xray-http' | 'xray-udp' | 'zipkin-http'

/** Those that several subjects answer, in the order of the table. */
export const QUESTIONS = [
  'trace_by_id',
  'function_and_customer',
  'newest_100_roots',
  'services',
  'service_graph_1h',
  'service_graph_24h',
] as const

export type QuestionName = (typeof QUESTIONS)[number]

/** The generator's busiest function: in every list of services and in every graph. */
export const BUSIEST_FUNCTION = 'orders-create-00'

/** An HTTP request with the generator's placeholders in it. */
export interface Question {
  readonly url: string
  /** A POST with this body. */
  readonly body?: string
  readonly header?: string
  /** Text that every good answer holds. */
  readonly hit: string
  /** What {ago_…} means; 1 when absent. */
  readonly hoursAgo?: number
  /** Asked so often at most, where one answer takes seconds. */
  readonly atMost?: number
}

export interface SubjectProcess {
  readonly role: string
  readonly pid: number
}

export interface RunningSubject {
  /** Those of this moment: a store may have been started anew. */
  processes(): readonly SubjectProcess[]
  /** host:port or URL; undefined where it does not listen. */
  target(protocol: Protocol): string | undefined
  readonly questions: Readonly<Partial<Record<QuestionName, Question>>>
  /** Spans in the store, for those that acknowledge before they store. */
  readonly storedSpans?: () => Promise<number>
  /** Bytes on disk by table. */
  readonly tables?: () => Promise<Readonly<Record<string, TableSize>>>
  /** What it has done since it started; for the work of one question. */
  readonly work?: () => Promise<Work>
  /** Its own counters, in Prometheus' text format. */
  readonly metricsUrl?: string
  /** Kills it when it does not end in half a minute. */
  stop(): Promise<void>
}

/** Sums since the start. */
export interface Work {
  /** CPU seconds by role. */
  readonly cpuSeconds: Readonly<Record<string, number>>
  /** Questions to the engine, and the rows and granules that it looked at for them. */
  readonly statements: number
  readonly rows: number
  readonly granules: number
}

export interface TableSize {
  readonly bytes: number
  readonly rows: number
  readonly parts: number
}

export interface Subject {
  readonly name: string
  readonly protocols: readonly Protocol[]
  /** memory: the oldest go when it is full, and a restart finds nothing. */
  readonly keeps: 'disk' | 'memory' | 'nothing'
  /** What to install, when it is missing; undefined when it is here. */
  missing(): string | undefined
  /** Returns when it is ready. `spans`: so many will have to be found again. */
  start(dataDir: string, spans: number): Promise<RunningSubject>
}
