// A parsed filter expression as plain data. `= false` has become a negation, groups the expressions they stand for.

export type FilterExpression =
  | { readonly is: 'and' | 'or'; readonly of: readonly FilterExpression[] }
  | { readonly is: 'not'; readonly of: FilterExpression }
  | FilterCondition
  /** Some node of the trace, whose own segment or, when it is inferred, whose call meets `where`. */
  | { readonly is: 'service'; readonly node: NodePattern; readonly where?: FilterExpression }
  /** Some connection, whose call meets `where`. */
  | { readonly is: 'edge'; readonly from: NodePattern; readonly to: NodePattern; readonly where?: FilterExpression }
  | {
      readonly is: 'rootCause'
      readonly cause: CauseKind
      readonly item: CauseItem
      readonly where?: FilterExpression
    }
  /** Each of these is a part of some root cause of the trace. */
  | { readonly is: 'rootCauseJson'; readonly causes: readonly JsonPattern[] }

export type FilterCondition =
  | { readonly is: 'flag'; readonly keyword: FlagKeyword }
  | { readonly is: 'number'; readonly keyword: NumberKeyword; readonly test: NumberTest | Known }
  | { readonly is: 'text'; readonly keyword: TextKeyword; readonly test: TextTest | Known }
  | { readonly is: 'annotation'; readonly key: string; readonly test: AnnotationTest }

export type CauseKind = 'fault' | 'error' | 'responsetime'
export type CauseItem = 'service' | 'entity' | 'exception'

export type FlagKeyword =
  | 'ok'
  | 'error'
  | 'throttle'
  | 'fault'
  | 'partial'
  | 'inferred'
  | 'root'
  | 'first'
  | 'last'
  | 'remote'
export type NumberKeyword = 'responsetime' | 'duration' | 'http.status' | 'index' | 'coverage'
export type TextKeyword =
  | 'http.url'
  | 'http.method'
  | 'http.useragent'
  | 'http.clientip'
  | 'user'
  | 'name'
  | 'type'
  | 'message'
  | 'availabilityzone'
  | 'instance.id'
  | 'resource.arn'
  | 'account.id'

export type NumberOperator = '=' | '!=' | '<' | '<=' | '>' | '>='
export type TextOperator = '=' | '!=' | 'contains' | 'beginswith' | 'endswith'

/** Times are in seconds. */
export interface NumberTest {
  readonly op: NumberOperator
  readonly value: number
}

/** Case counts. */
export interface TextTest {
  readonly op: TextOperator
  readonly value: string
}

/** The keyword alone: its value is known. */
export interface Known {
  readonly op: 'known'
}

/** `set`: the annotation is there, and is not the boolean false. `known`: it is there. */
export type AnnotationTest =
  | NumberTest
  | TextTest
  | Known
  | { readonly op: 'set' }
  | { readonly op: '=' | '!='; readonly value: boolean }

/** What is left out may be anything. */
export interface NodePattern {
  readonly name?: string
  readonly type?: string
  readonly accountId?: string
}

/** A part of X-Ray's root cause in JSON: members that are left out may be anything, lists are whole. */
export interface JsonPattern {
  readonly [member: string]: unknown
}
