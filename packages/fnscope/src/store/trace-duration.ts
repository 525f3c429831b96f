// A condition on the whole of a trace's time, from the first start to the last end of its spans, as places have it.
import type { TracePlace } from './trace-places.ts'
import type { TraceQuery } from './trace-query.ts'

export type DurationQuery = Extract<TraceQuery, { readonly is: 'duration' }>

export function isOfDuration({ firstNanos, endNanos }: TracePlace, { op, nanos }: DurationQuery): boolean {
  return isMet(endNanos - firstNanos, op, nanos)
}

/** The same in numbers, which are exact up to 104 days. */
export interface RoughDuration {
  readonly op: DurationQuery['op']
  readonly nanos: number
}

/** Undefined of what a number does not hold. */
export function roughDuration({ op, nanos }: DurationQuery): RoughDuration | undefined {
  const rough = Number(nanos)
  return Number.isSafeInteger(rough) ? { op, nanos: rough } : undefined
}

export function isOfRough(duration: number, { op, nanos }: RoughDuration): boolean {
  return isMet(duration, op, nanos)
}

function isMet<Nanos extends bigint | number>(duration: Nanos, op: DurationQuery['op'], nanos: Nanos): boolean {
  switch (op) {
    case '=':
      return duration === nanos
    case '!=':
      return duration !== nanos
    case '<':
      return duration < nanos
    case '<=':
      return duration <= nanos
    case '>':
      return duration > nanos
    case '>=':
      return duration >= nanos
  }
}
