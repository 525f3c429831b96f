// The parameters of Prometheus' HTTP API: times, steps, limits, queries.
import { parsePromql } from '../query/prometheus/promql-parse.ts'
import { PromqlError, type Expression } from '../query/prometheus/promql-syntax.ts'
import { parseDuration } from '../query/prometheus/promql-tokens.ts'

export function expressionIn(parameters: URLSearchParams): Expression {
  const text = parameters.get('query') ?? ''
  if (text.trim() === '')
    throw new PromqlError('invalid parameter "query": unknown position: parse error: no expression found in input')
  return parsePromql(text)
}

/** Epoch milliseconds; of a time that need not be given, now. */
export function timeIn(parameters: URLSearchParams, name: string, clock?: { readonly now: () => bigint }): number {
  const text = parameters.get(name)
  if ((text === null || text === '') && clock !== undefined) return Number(clock.now() / 1_000_000n)
  const ms = /^-?[\d.]+(e[+-]?\d+)?$/i.test(text ?? '') ? Number(text) * 1000 : Date.parse(text ?? '')
  if (!Number.isFinite(ms) || Math.abs(ms) > 9e12)
    throw new PromqlError(`invalid parameter "${name}": cannot parse "${text ?? ''}" to a valid timestamp`)
  return Math.round(ms)
}

export function stepIn(parameters: URLSearchParams): number {
  const text = parameters.get('step') ?? ''
  const ms = /^[\d.]+$/.test(text) ? Math.round(Number(text) * 1000) : parseDuration(text)
  if (ms === undefined || !(ms > 0))
    throw new PromqlError(
      `invalid parameter "step": ${text === '' ? 'it is missing' : `cannot take "${text}" as a step`}; it is seconds or a duration above zero`,
    )
  return ms
}

export function nanosOf(ms: number): bigint {
  return BigInt(Math.max(0, Math.round(ms))) * 1_000_000n
}

/** How many the question wants at most: 0 and nothing say all. @throws PromqlError */
export function limitIn(parameters: URLSearchParams): number {
  const text = parameters.get('limit') ?? ''
  if (!/^\d*$/.test(text))
    throw new PromqlError(`invalid parameter "limit": ${JSON.stringify(text)} is no whole number`)
  return Number(text) || Infinity
}
