// What a PromQL expression is once it is read, and what is wrong with one.

export type MatcherMark = '=' | '!=' | '=~' | '!~'

export interface Matcher {
  readonly label: string
  readonly mark: MatcherMark
  readonly value: string
  readonly matches: (value: string) => boolean
}

/** When what it stands behind is looked at, instead of the time that is asked about. */
export interface Moved {
  /** Back; into the future where it is negative. */
  readonly offsetMs?: number
  /** A time of its own (epoch milliseconds), or an end of the range that is asked about. */
  readonly at?: number | 'start' | 'end'
}

export interface Selector extends Moved {
  readonly kind: 'selector'
  /** __name__ among them. */
  readonly matchers: readonly Matcher[]
  /** Of a range vector. */
  readonly rangeMs?: number
}

/** Values of an expression, step by step, as a range vector. */
export interface Subquery extends Moved {
  readonly kind: 'subquery'
  readonly of: Expression
  readonly rangeMs: number
  readonly stepMs: number
}

export type SetMark = 'and' | 'or' | 'unless'
export type ArithmeticMark = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2'
export type ComparisonMark = '==' | '!=' | '<' | '<=' | '>' | '>='
export type BinaryMark = SetMark | ArithmeticMark | ComparisonMark
export const SETS: ReadonlySet<string> = new Set<SetMark>(['and', 'or', 'unless'])
export const COMPARISONS: ReadonlySet<string> = new Set<ComparisonMark>(['==', '!=', '<', '<=', '>', '>='])

/** Which series of two vectors belong together. */
export interface Matching {
  /** By these labels alone (on), or by all others (ignoring). */
  readonly on: boolean
  readonly labels: readonly string[]
  /** The side of which several series may belong to one of the other. */
  readonly many?: 'left' | 'right'
  /** Labels of the other side's series that the result takes over. */
  readonly include: readonly string[]
}

export type AggregateName =
  | 'sum'
  | 'avg'
  | 'min'
  | 'max'
  | 'count'
  | 'group'
  | 'stddev'
  | 'stdvar'
  | 'topk'
  | 'bottomk'
  | 'quantile'
  | 'count_values'

export interface Aggregate {
  readonly kind: 'aggregate'
  readonly name: AggregateName
  /** How many, which quantile, which label. */
  readonly parameter?: Expression
  readonly of: Expression
  readonly labels: readonly string[]
  /** Of the labels: these are kept, or all others. */
  readonly keep: boolean
}

export interface Binary {
  readonly kind: 'binary'
  readonly mark: BinaryMark
  readonly isBool: boolean
  readonly matching: Matching
  readonly left: Expression
  readonly right: Expression
}

export interface Call {
  readonly kind: 'call'
  readonly name: string
  readonly arguments: readonly Expression[]
}

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | Selector
  | Subquery
  | { readonly kind: 'negative'; readonly of: Expression }
  | Call
  | Aggregate
  | Binary

export type ExpressionType = 'scalar' | 'string' | 'instant vector' | 'range vector'

export class PromqlError extends Error {
  /** bad_data: the question is wrong or not supported; execution: it cannot be answered. */
  readonly type: 'bad_data' | 'execution'

  constructor(message: string, type: 'bad_data' | 'execution' = 'bad_data') {
    super(message)
    this.name = 'PromqlError'
    this.type = type
  }
}
