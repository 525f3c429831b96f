// Conditions that the inverted annotations answer by their key: no span is looked at. A row has the span's service and
// start beside key and value.
import { compileText, joined } from './compile-span.ts'
import { numberOrder } from './number-order.ts'
import type { SqlParameters } from './sql-parameters.ts'
import type { AnnotationTest, SpanQuery, TextTest } from './trace-query.ts'

type Annotation = Extract<SpanQuery, { readonly is: 'annotation' }>

/** One annotation, or several readings of one: all of the same key. */
export type AnnotationPart = { readonly key: string; readonly tests: readonly AnnotationTest[] }

/** What of a span's conditions `annotations` answers, and what only the span does. All of them must hold. */
export interface AnnotationSplit {
  readonly parts: readonly AnnotationPart[]
  /** Of the same rows: tests of `service`. */
  readonly service: readonly TextTest[]
  /** Undefined when nothing is left. */
  readonly rest: SpanQuery | undefined
}

/** Undefined when no annotation must be there. */
export function splitAnnotations(query: SpanQuery): AnnotationSplit | undefined {
  const conditions = query.is === 'and' ? query.of : [query]
  const parts = conditions.flatMap((one) => partOf(one) ?? [])
  if (parts.length === 0) return undefined
  const others = conditions.filter((one) => partOf(one) === undefined)
  const service = others.flatMap((one) => (one.is === 'text' && one.field === 'service' ? [one] : []))
  const rest = others.filter((one) => !(one.is === 'text' && one.field === 'service'))
  // The rarest first, as far as one can tell: a value, then a range of them, then the key alone.
  const byRarity = parts.toSorted((a, b) => commonness(a) - commonness(b))
  return { parts: byRarity, service, rest: rest.length === 0 ? undefined : { is: 'and', of: rest } }
}

function partOf(query: SpanQuery): AnnotationPart | undefined {
  if (query.is === 'annotation') return { key: query.key, tests: [query] }
  if (query.is !== 'or' || query.of.length === 0) return undefined
  const all = query.of.filter((one): one is Annotation => one.is === 'annotation')
  const [first] = all
  if (first === undefined || all.length < query.of.length || all.some((one) => one.key !== first.key)) return undefined
  return { key: first.key, tests: all }
}

function commonness({ tests }: AnnotationPart): number {
  return Math.max(
    ...tests.map((test) => {
      if (test.op === 'exists' || test.op === '!=') return 3
      if (typeof test.value === 'boolean') return 2
      return test.op === '=' ? 0 : 1
    }),
  )
}

/** The annotation has one value: rows of it lie by time in the table. */
export function isOneValue({ tests }: AnnotationPart): boolean {
  return tests.length === 1 && tests[0]!.op === '='
}

/** The condition on a row of `annotations`. */
export function compileAnnotationPart({ key, tests }: AnnotationPart, parameters: SqlParameters): string {
  const values = joined(
    'or',
    tests.map((test) => compileValue(test, parameters)),
  )
  return `(key = ${parameters.bind('String', key)} AND ${values})`
}

function compileValue(test: AnnotationTest, parameters: SqlParameters): string {
  if (test.op === 'exists') return '1'
  if (typeof test.value === 'boolean') {
    const order = parameters.bind('Int64', numberOrder(Number(test.value)))
    return `(kind = 2 AND string_value = '' AND number_order ${test.op} ${order})`
  }
  if (typeof test.value === 'number') return compileNumberValue(test.op, test.value, parameters)
  const { op, value } = test
  // The whole of the key is said: rows of one value are read in the order of time.
  if (op === '=') return `(kind = 0 AND string_value = ${parameters.bind('String', value)} AND number_order = 0)`
  return `(kind = 0 AND ${textOf(op, value, parameters)})`
}

function textOf(op: Exclude<TextTest['op'], 'exists' | '='>, value: string, parameters: SqlParameters): string {
  const bound = parameters.bind('String', value)
  switch (op) {
    case 'contains':
      return `position(string_value, ${bound}) > 0`
    case 'beginswith':
      return `startsWith(string_value, ${bound})`
    case 'endswith':
      return `endsWith(string_value, ${bound})`
    default:
      return `string_value ${op} ${bound}`
  }
}

function compileNumberValue(op: string, value: number, parameters: SqlParameters): string {
  const number = "kind = 1 AND string_value = ''"
  if (Number.isNaN(value)) return op === '!=' ? `(${number})` : '0'
  const order = `number_order ${op} ${parameters.bind('Int64', numberOrder(value))}`
  // NaN is beyond infinity in this order, and neither less nor more than anything.
  const most = parameters.bind('Int64', numberOrder(Number.POSITIVE_INFINITY))
  return op === '>' || op === '>=' ? `(${number} AND ${order} AND number_order <= ${most})` : `(${number} AND ${order})`
}

/** The tests of the service on a row of `annotations`; '' when there are none, else with AND before them. */
export function compileService(tests: readonly TextTest[], parameters: SqlParameters): string {
  return tests.map((test) => ` AND ${compileText('service', test, parameters)}`).join('')
}
