// What a LogQuery asks as a WHERE over `logs`. Every value travels as a query parameter.
import type { LogQuery, TimeRange } from './store.ts'
import { inTraces, validTraceIds } from './trace-ids.ts'

/** A WHERE that grows: conditions with the parameters that they name. */
export class Conditions {
  readonly parameters: Record<string, unknown> = {}
  readonly #texts: string[] = []

  add(text: string, parameters: Readonly<Record<string, unknown>> = {}): void {
    this.#texts.push(text)
    Object.assign(this.parameters, parameters)
  }

  equal(column: string, value: string | undefined): void {
    if (value !== undefined) this.add(`${column} = {${column}:String}`, { [column]: value })
  }

  range(column: string, range: TimeRange | undefined): void {
    if (!range) return
    this.add(`${column} >= {startNanos:Int64} AND ${column} < {endNanos:Int64}`, {
      startNanos: range.startNanos,
      endNanos: range.endNanos,
    })
  }

  get where(): string {
    return this.#texts.length === 0 ? '' : `WHERE ${this.#texts.join(' AND ')}`
  }
}

/** Undefined: no line can meet it. */
export function logConditions(query: Omit<LogQuery, 'limit' | 'order'>): Conditions | undefined {
  const conditions = new Conditions()
  conditions.range('time_nanos', query.range)
  conditions.equal('service', query.service)
  conditions.equal('log_group', query.logGroup)
  conditions.equal('log_stream', query.logStream)
  conditions.equal('request_id', query.requestId)
  if (query.traceIds) {
    const traceIds = validTraceIds(query.traceIds)
    if (traceIds.length === 0) return undefined
    conditions.add(`trace_id ${inTraces(traceIds)}`, { traceIds })
  }
  if (query.text !== undefined) addText(conditions, query.text)
  if (query.severityNumbers !== undefined)
    conditions.add('severity_number IN {severities:Array(UInt8)}', { severities: query.severityNumbers })
  for (const [index, field] of (query.fields ?? []).entries()) addField(conditions, index, field)
  if (query.receivedAfterNanos !== undefined)
    conditions.add('received_nanos > {receivedAfter:Int64}', { receivedAfter: query.receivedAfterNanos })
  return conditions
}

/**
 * The text index knows words of letters and digits: it narrows, and each word as it was typed then decides. Chinese has
 * no blanks between its words, and an emoji may stand at one: what is asked for may be a part of what the index has.
 */
function addText(conditions: Conditions, text: string): void {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  if (words.length === 0) return
  const tokens = words
    .flatMap((word) => word.split(/[^0-9a-z\u{80}-\u{10ffff}]+/u))
    .filter((token) => /^[0-9a-z]+$/.test(token))
  if (tokens.length > 0)
    conditions.add('hasAllTokens(lowerUTF8(body), {tokens:Array(String)})', { tokens: tokens.slice(0, 64) })
  conditions.add('arrayAll(word -> position(lowerUTF8(body), word) > 0, {words:Array(String)})', { words })
}

/** A text as it is, a number or a boolean as its JSON reads. A body that is no JSON has no fields, its line may have attributes. */
function addField(
  conditions: Conditions,
  index: number,
  { path, value }: { readonly path: readonly string[]; readonly value: string },
): void {
  const parameters: Record<string, unknown> = { [`value${index}`]: value, [`field${index}`]: path.join('.') }
  const keys = path.map((key, at) => {
    parameters[`key${index}_${at}`] = key
    return `{key${index}_${at}:String}`
  })
  const wanted = `{value${index}:String}`
  const at = `body, ${keys.join(', ')}`
  conditions.add(
    `(JSONExtractString(${at}) = ${wanted} OR JSONExtractRaw(${at}) = ${wanted} OR attributes[{field${index}:String}] = ${wanted})`,
    parameters,
  )
}
