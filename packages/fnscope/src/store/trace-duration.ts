// A condition on the whole of a trace's time, from the first start to the last end of its spans, as places have it.
import type { TracePlace } from './trace-places.ts'
import type { TraceQuery } from './trace-query.ts'

export type DurationQuery = Extract<TraceQuery, { readonly is: 'duration' }>

export function isOfDuration({ firstNanos, endNanos }: TracePlace, { op, nanos }: DurationQuery): boolean {
  const duration = endNanos - firstNanos
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
