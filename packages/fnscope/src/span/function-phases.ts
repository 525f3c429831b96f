// What a call of a function was made of, as far as its platform's spans say: the initialization of a new environment, the
// handler, and what came after it. Lambda's own subsegments of both styles, Function Compute's, Datadog's load.

/** As much of a span as this needs. */
export interface PhaseSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string
  readonly name: string
  readonly origin: string
  readonly service: string
  readonly coldStart: boolean
  readonly startNanos: bigint
  readonly durationNanos: bigint
}

export interface FunctionPhases {
  readonly traceId: string
  readonly function: string
  readonly cold: boolean
  /** 0: there was none, or nothing tells of it. */
  readonly initNanos: bigint
  readonly handlerNanos: bigint
  readonly overheadNanos: bigint
}

type Phase = 'init' | 'handler' | 'overhead'

const PHASES: ReadonlyMap<string, Phase> = new Map([
  ['Initialization', 'init'],
  ['Init', 'init'],
  ['Restore', 'init'],
  ['ColdStart', 'init'],
  ['Initializer', 'init'],
  ['aws.lambda.load', 'init'],
  ['Invocation', 'handler'],
  ['Overhead', 'overhead'],
])
/** What a phase may be called. */
export const PHASE_NAMES: readonly string[] = [...PHASES.keys()]
/** Origins of the span that stands for a call of a function; one with a cold start does too. */
export const FUNCTION_ORIGINS: readonly string[] = ['AWS::Lambda::Function', 'ALIYUN::FC::Function']

/** One of each call, in the order of its spans. Spans that are no part of a call are passed over. */
export function functionPhases(spans: readonly PhaseSpan[]): FunctionPhases[] {
  const below = Map.groupBy(spans, ({ traceId, parentId }) => `${traceId} ${parentId}`)
  const calls = spans.filter(({ origin, coldStart }) => coldStart || FUNCTION_ORIGINS.includes(origin))
  return calls.map((call) => {
    const sums = { init: 0n, handler: 0n, overhead: 0n }
    let withinNanos = 0n
    for (const span of below.get(`${call.traceId} ${call.spanId}`) ?? []) {
      const phase = PHASES.get(span.name)
      if (phase === undefined) continue
      sums[phase] += span.durationNanos
      if (phase !== 'init' || span.startNanos >= call.startNanos) withinNanos += span.durationNanos
    }
    // Lambda's new style has no span for the handler: it is what the others leave of the call.
    const rest = call.durationNanos - withinNanos
    return {
      traceId: call.traceId,
      function: call.service,
      cold: call.coldStart,
      initNanos: sums.init,
      handlerNanos: sums.handler === 0n && rest > 0n ? rest : sums.handler,
      overheadNanos: sums.overhead,
    }
  })
}
