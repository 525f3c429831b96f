// Comparisons of the filter language on values that are known. What is unknown meets none of them, also not !=.
import type { AnnotationTest, Known, NumberOperator, NumberTest, TextTest } from './expression.ts'

export function meetsText(value: string, test: TextTest | Known): boolean {
  switch (test.op) {
    case 'known':
      return true
    case '=':
      return value === test.value
    case '!=':
      return value !== test.value
    case 'contains':
      return value.includes(test.value)
    case 'beginswith':
      return value.startsWith(test.value)
    case 'endswith':
      return value.endsWith(test.value)
  }
}

export function meetsNumber(value: number, test: NumberTest | Known): boolean {
  return test.op === 'known' || compare(value, test.op, test.value)
}

function compare<Value extends number | bigint>(value: Value, op: NumberOperator, other: Value): boolean {
  switch (op) {
    case '=':
      return value === other
    case '!=':
      return value !== other && !Number.isNaN(value)
    case '<':
      return value < other
    case '<=':
      return value <= other
    case '>':
      return value > other
    case '>=':
      return value >= other
  }
}

/** A type of value meets only tests of its own type. */
export function meetsAnnotation(value: string | number | bigint | boolean, test: AnnotationTest): boolean {
  if (test.op === 'known') return true
  if (test.op === 'set') return value !== false
  if (typeof test.value === 'boolean') return typeof value === 'boolean' && (test.op === '=') === (value === test.value)
  if (typeof test.value === 'number')
    return (typeof value === 'number' || typeof value === 'bigint') && meetsNumber(Number(value), test)
  return typeof value === 'string' && meetsText(value, test)
}

export interface NanosTest {
  readonly op: NumberOperator
  readonly nanos: bigint
}

const MOST_NANOS = 9e18

/** A test in seconds as one in whole nanoseconds that the same whole numbers meet; `always`, `never` where all or none do. */
export function nanosTestOf({ op, value }: NumberTest): NanosTest | 'always' | 'never' {
  const exact = Math.min(MOST_NANOS, Math.max(-MOST_NANOS, value * 1e9))
  const whole = Math.round(exact)
  // What is left of a decimal fraction after the multiplication is no part of a nanosecond.
  if (Math.abs(exact - whole) <= Math.max(1e-6, Math.abs(exact) * 4e-16)) return { op, nanos: BigInt(whole) }
  if (op === '=') return 'never'
  if (op === '!=') return 'always'
  const up = op === '<' || op === '>='
  return { op, nanos: BigInt(up ? Math.ceil(exact) : Math.floor(exact)) }
}

export function meetsNanos(value: bigint, test: NumberTest | Known): boolean {
  if (test.op === 'known') return true
  const exact = nanosTestOf(test)
  if (typeof exact === 'string') return exact === 'always'
  return compare(value, exact.op, exact.nanos)
}
