// What a PromQL expression is once it is read, and what is wrong with one.

export type MatcherMark = '=' | '!=' | '=~' | '!~'

export interface Matcher {
  readonly label: string
  readonly mark: MatcherMark
  readonly value: string
  readonly matches: (value: string) => boolean
}

export interface Selector {
  readonly kind: 'selector'
  /** __name__ among them. */
  readonly matchers: readonly Matcher[]
  /** Of a range vector. */
  readonly rangeMs?: number
}

export type BinaryMark = '+' | '-' | '*' | '/' | '%' | '^' | '==' | '!=' | '<' | '<=' | '>' | '>='
export const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>='])

export type AggregateName = 'sum' | 'avg' | 'min' | 'max' | 'count'

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | Selector
  | { readonly kind: 'negative'; readonly of: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Expression[] }
  | {
      readonly kind: 'aggregate'
      readonly name: AggregateName
      readonly of: Expression
      readonly labels: readonly string[]
      /** Of the labels: these are kept, or all others. */
      readonly keep: boolean
    }
  | {
      readonly kind: 'binary'
      readonly mark: BinaryMark
      readonly isBool: boolean
      readonly left: Expression
      readonly right: Expression
    }

export type ExpressionType = 'scalar' | 'instant vector' | 'range vector'

export class PromqlError extends Error {
  /** bad_data: the question is wrong or not supported; execution: it cannot be answered. */
  readonly type: 'bad_data' | 'execution'

  constructor(message: string, type: 'bad_data' | 'execution' = 'bad_data') {
    super(message)
    this.name = 'PromqlError'
    this.type = type
  }
}
