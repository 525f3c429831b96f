// The part of Tempo's TraceQL that asks of one span: `{ resource.service.name =~ "shop|cart" && duration > 100ms }`. All else
// is refused with what it is. https://grafana.com/docs/tempo/latest/traceql/
import { SPAN_KINDS } from '../codec/jaeger-json.ts'
import type { SpanQuery, TraceQuery } from '../query/reader.ts'
import { clampNanos, durationOf, refused } from './jaeger-request.ts'
import { compileTag } from './jaeger-tag-query.ts'

const NUMBERS = ['=', '!=', '<', '<=', '>', '>='] as const
type Operator = (typeof NUMBERS)[number]

interface Condition {
  readonly field: string
  readonly op: Operator | '=~' | '!~'
  /** Without its quotes. */
  readonly value: string
}

const MAX_CONDITIONS = 100

const CONDITION =
  /^\s*(?<field>(?:resource\.|span\.|\.)?(?:"(?:[^"\\]|\\.)*"|[^\s=!<>~&|(){}"`,]+))\s*(?<op>=~|!~|!=|<=|>=|=|<|>)\s*(?<value>"(?:[^"\\]|\\.)*"|`[^`]*`|[^\s&|(){}"`]+)\s*/

/** Undefined for every trace: `{}`. @throws FnscopeError FNS_USAGE */
export function parseTraceQl(text: string, resourceKeys: ReadonlySet<string>): TraceQuery | undefined {
  const inner = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1]
  if (inner === undefined) throw unsupported(text)
  if (inner.trim() === '') return undefined
  const either: Condition[][] = [[]]
  let rest = inner
  for (let count = 1; ; count++) {
    const match = CONDITION.exec(rest)
    const { field, op, value } = (match?.groups ?? {}) as Readonly<Record<string, string | undefined>>
    if (match === null || field === undefined || value === undefined) throw unsupported(rest)
    if (count > MAX_CONDITIONS) throw refused(`More than ${MAX_CONDITIONS} conditions are not asked.`)
    either.at(-1)!.push({ field: unquoted(field), op: op as Condition['op'], value: unquoted(value) })
    rest = rest.slice(match[0].length)
    if (rest === '') break
    if (!rest.startsWith('&&') && !rest.startsWith('||')) throw unsupported(rest)
    if (rest.startsWith('||')) either.push([])
    rest = rest.slice(2)
  }
  // Some span meets one or the other: some span meets the one, or some span meets the other.
  const of = either.map((conditions) => allOf(conditions, resourceKeys))
  return of.length === 1 ? of[0]! : { is: 'or', of }
}

/** One span meets all that is asked of a span. */
function allOf(conditions: readonly Condition[], resourceKeys: ReadonlySet<string>): TraceQuery {
  const of = conditions.map((one) => compileAny(one, resourceKeys))
  const spans = of.flatMap((one) => (one.on === 'span' ? [one.where] : []))
  const traces = of.flatMap((one): TraceQuery[] => (one.on === 'trace' ? [one.where] : []))
  const flat = spans.flatMap((one) => (one.is === 'and' ? one.of : [one]))
  if (flat.length > 0) traces.unshift({ is: 'span', where: { is: 'and', of: flat } })
  return { is: 'and', of: traces }
}

function unsupported(rest: string): Error {
  const near = rest.trim().slice(0, 100)
  return refused(
    `fnscope reads of TraceQL one set of conditions joined by && and ||, like { resource.service.name = "shop" && duration > 1s }; this it cannot: ${near === '' ? '(the end)' : near}`,
  )
}

/** `span."a b"` too. */
function unquoted(text: string): string {
  if (text.startsWith('`')) return text.slice(1, -1)
  return text.replace(/"((?:[^"\\]|\\.)*)"$/s, (_, inner: string) => inner.replaceAll(/\\(.)/gs, '$1'))
}

type Compiled =
  | { readonly on: 'span'; readonly where: SpanQuery }
  | { readonly on: 'trace'; readonly where: TraceQuery }

/** What every span or trace has: without it nothing is unlike a value. */
const INTRINSIC =
  /^((span:|trace:)?(name|status|statusmessage|kind|root(service)?name|rootservice)|resource\.service\.name|\.service\.name)$/i

/** = and its opposite, and a choice of values, which is how Grafana asks for several; the rest is `compile`'s. */
function compileAny({ field, op, value }: Condition, resourceKeys: ReadonlySet<string>): Compiled {
  const isText = INTRINSIC.test(field)
  const isNegative = op === '!~' || (op === '!=' && isText)
  if (op !== '=~' && !isNegative) return compile({ field, op, value }, resourceKeys)
  if (!isText && isNegative)
    throw refused(`fnscope compares ${field} by =, or by =~ with a choice of values, not by ${op}.`)
  const values = op === '!=' ? [value] : choiceOf(value)
  if (values === undefined)
    throw refused(
      `fnscope reads of regular expressions a choice of texts, "shop|cart", not ${JSON.stringify(value.slice(0, 100))} behind ${field}.`,
    )
  const of = values.map((one) => compile({ field, op: '=', value: one }, resourceKeys))
  if (of[0]!.on === 'trace') {
    const any: TraceQuery = { is: 'or', of: of.map(({ where }) => where as TraceQuery) }
    return { on: 'trace', where: isNegative ? { is: 'not', of: any } : any }
  }
  const any: SpanQuery = { is: 'or', of: of.map(({ where }) => where as SpanQuery) }
  return { on: 'span', where: isNegative ? { is: 'not', of: any } : any }
}

/** The texts of an expression that is nothing but a choice of them. */
function choiceOf(regex: string): readonly string[] | undefined {
  const inner = /^\^?\(?([^()]*)\)?\$?$/s.exec(regex)?.[1]
  const texts = inner?.split(/(?<!\\)\|/)
  if (texts === undefined || texts.some((text) => /(?<!\\)[[\]{}*+?^$]|(?<!\\)\.|\\[A-Za-z0-9]/.test(text)))
    return undefined
  return texts.map((text) => text.replaceAll(/\\(.)/gs, '$1'))
}

const STATUSES: Readonly<Record<string, string>> = { error: 'ERROR', ok: 'OK' }

function compile(
  { field, op, value }: Condition & { readonly op: Operator },
  resourceKeys: ReadonlySet<string>,
): Compiled {
  const name = field.replace(/^(span:|trace:)/, (scope) => (scope === 'trace:' ? 'trace' : '')).toLowerCase()
  const equal = (): void => {
    if (op !== '=') throw refused(`fnscope compares ${field} by = alone, not by ${op}.`)
  }
  const span = (where: SpanQuery): Compiled => ({ on: 'span', where })
  switch (name) {
    case 'name':
      equal()
      return span({ is: 'text', field: 'name', op: '=', value })
    case 'statusmessage':
      equal()
      return span({ is: 'text', field: 'statusMessage', op: '=', value })
    case 'status': {
      equal()
      if (value === 'unset')
        return span({
          is: 'and',
          of: [
            { is: 'number', field: 'statusCode', op: '=', value: 0 },
            { is: 'flag', flag: 'ok' },
          ],
        })
      if (!Object.hasOwn(STATUSES, value)) throw refused(`status is error, ok or unset, not ${value.slice(0, 100)}.`)
      return span(
        value === 'error'
          ? compileTag('error', 'true', resourceKeys)
          : compileTag('otel.status_code', STATUSES[value]!, resourceKeys),
      )
    }
    case 'kind': {
      equal()
      const kind = value === 'unspecified' ? 0 : SPAN_KINDS.indexOf(value as (typeof SPAN_KINDS)[number], 1)
      if (kind < 0)
        throw refused(`kind is one of unspecified, ${SPAN_KINDS.slice(1).join(', ')}, not ${value.slice(0, 100)}.`)
      return span({ is: 'number', field: 'kind', op: '=', value: kind })
    }
    case 'duration':
      return span({ is: 'number', field: 'duration', op, value: nanosOf(field, value) })
    case 'traceduration':
      return { on: 'trace', where: { is: 'duration', op, nanos: nanosOf(field, value) } }
    case 'rootname':
    case 'rootservicename':
    case 'rootservice':
      equal()
      return {
        on: 'trace',
        where: { is: 'root', where: { is: 'text', field: name === 'rootname' ? 'name' : 'service', op: '=', value } },
      }
  }
  const key = /^(?:resource\.|span\.|\.)(.+)$/s.exec(field)?.[1]
  if (key === undefined)
    throw refused(
      `fnscope does not know ${field.slice(0, 100)}: attributes are written resource.KEY, span.KEY or .KEY.`,
    )
  if (key === 'service.name') {
    equal()
    return span({ is: 'text', field: 'service', op: '=', value })
  }
  if (key === 'http.status_code' || key === 'http.response.status_code') {
    if (!/^\d{1,5}$/.test(value)) throw refused(`${field} is compared with a number, not ${value.slice(0, 100)}.`)
    return span({ is: 'number', field: 'httpStatus', op, value: Number(value) })
  }
  equal()
  return span(compileTag(key, value, resourceKeys))
}

function nanosOf(field: string, value: string): bigint {
  const nanos = durationOf({ [field]: value }, field)
  return clampNanos(nanos ?? 0n)
}
