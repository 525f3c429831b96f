// FilterExpression of a request: what X-Ray's filter language says, or a refusal that names the place of the mistake.
import { createHash } from 'node:crypto'
import { FilterError, traceFilter, type ParseOptions, type TraceFilter } from '../query/filter/filter.ts'
import { invalid } from './xray-error.ts'
import { textMember, type XrayBody } from './xray-request.ts'

export interface FilterMember {
  /** Undefined when every trace is meant. */
  readonly filter: TraceFilter | undefined
  /** Tells questions apart: one word, the same for the same text. */
  readonly digest: string
}

/** @throws XrayError InvalidRequestException */
export function filterMember(body: XrayBody, options: ParseOptions = {}): FilterMember {
  const text = textMember(body, 'FilterExpression') ?? ''
  const filter = filterOfText(text, options)
  return {
    filter,
    digest: filter === undefined ? 'all' : createHash('sha256').update(text).digest('hex').slice(0, 32),
  }
}

/** Undefined for an expression that is blank. @throws XrayError InvalidRequestException */
export function filterOfText(text: string, options: ParseOptions): TraceFilter | undefined {
  try {
    return traceFilter(text, options)
  } catch (error) {
    if (error instanceof FilterError) throw invalid(error.message)
    throw error
  }
}
