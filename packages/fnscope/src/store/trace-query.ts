// What a search asks of traces, as plain data: filter expressions, Jaeger's and the console's parameters all become it,
// and compile-trace.ts makes SQL of it. Not a language: names are the model's, nothing is parsed here.

/** A condition on a trace as a whole. `span`, `root` and `edge` say of what in it: existence is enough. */
export type TraceQuery =
  | { readonly is: 'and' | 'or'; readonly of: readonly TraceQuery[] }
  | { readonly is: 'not'; readonly of: TraceQuery }
  /** One span of the trace satisfies all of `where`. */
  | { readonly is: 'span'; readonly where: SpanQuery }
  /** The span at which the trace is listed does: its root, else the entry that came. */
  | { readonly is: 'root'; readonly where: SpanQuery }
  /** A span that meets `where` calls `to`, directly. */
  | { readonly is: 'edge'; readonly to: NodeQuery; readonly where?: SpanQuery }
  /** Something of it was in progress, names a parent that did not come, or asked its callee for a report in vain. */
  | { readonly is: 'partial' }
  /** From the first start to the last end. */
  | { readonly is: 'duration'; readonly op: NumberOperator; readonly nanos: bigint }
  | { readonly is: 'ids'; readonly traceIds: readonly string[] }

/** A condition on one span. */
export type SpanQuery =
  | { readonly is: 'and' | 'or'; readonly of: readonly SpanQuery[] }
  | { readonly is: 'not'; readonly of: SpanQuery }
  | ({ readonly is: 'text'; readonly field: TextField } & TextTest)
  | { readonly is: 'number'; readonly field: NumberField; readonly op: NumberOperator; readonly value: number | bigint }
  | { readonly is: 'flag'; readonly flag: FlagName }
  | ({ readonly is: 'node' } & NodeQuery)
  /** Indexed. Types count: the number 30 is not the text "30". */
  | ({ readonly is: 'annotation'; readonly key: string } & AnnotationTest)
  /** Not indexed: an attribute, an annotation or a resource attribute, by how its value reads, whatever its type. */
  | ({ readonly is: 'attribute'; readonly key: string } & TextTest)
  /** Not indexed: a scalar attribute of one of its events, by how its value reads; the key `event` is the event's name. */
  | { readonly is: 'event'; readonly key: string; readonly value: string }

export type TextOperator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'contains' | 'beginswith' | 'endswith'
export type NumberOperator = '=' | '!=' | '<' | '<=' | '>' | '>='

/** `exists`: known and not empty. Every other test of something unknown fails, also !=. Case counts. */
export type TextTest = { readonly op: TextOperator; readonly value: string } | { readonly op: 'exists' }

export type AnnotationTest =
  | TextTest
  | { readonly op: NumberOperator; readonly value: number }
  | { readonly op: '=' | '!='; readonly value: boolean }

export type TextField =
  | 'service'
  | 'name'
  | 'source'
  | 'origin'
  | 'namespace'
  /** Where it was deployed (span/deployment.ts). */
  | 'accountId'
  | 'environment'
  | 'version'
  | 'region'
  | 'functionName'
  | 'resourceArn'
  | 'statusMessage'
  | 'httpMethod'
  | 'httpUrl'
  | 'httpUserAgent'
  | 'httpClientIp'
  | 'user'
  | 'requestId'
  | 'peerName'
  | 'peerType'
  /** As JSON, with exceptions in it. */
  | 'cause'
  | 'events'

/** duration and start in nanoseconds; httpStatus 0 and kind 0 are unknown; rootRank is ROOT_RANK. */
export type NumberField = 'duration' | 'start' | 'httpStatus' | 'kind' | 'statusCode' | 'rootRank'

/** ok: no error, fault or throttle. */
export type FlagName = 'ok' | 'error' | 'fault' | 'throttle' | 'coldStart' | 'segment'

/** A node of the service graph; what is left out may be anything. */
export interface NodeQuery {
  readonly name?: string
  /** X-Ray's origin. */
  readonly type?: string
  readonly accountId?: string
  /** Also nodes that did not report and are known from their callers. */
  readonly inferred?: boolean
}
