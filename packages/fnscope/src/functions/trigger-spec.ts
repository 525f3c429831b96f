// What calls a function, as deploy/ reads it from a template and the control plane from its calls. Plain data; the
// functions are named by name or ARN and looked up at each call, so that a trigger may be there before its function.

/** What answers a route. */
export type RouteTarget =
  | { readonly kind: 'function'; readonly functionName: string }
  /** A fixed answer; names and values without the quotes that API Gateway wants. */
  | {
      readonly kind: 'mock'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
    }
  /** Handed on; `{proxy}` in the URL is filled from the path. Method ANY: the caller's. */
  | { readonly kind: 'http'; readonly method: string; readonly url: string }
  /** An integration that is not emulated: the route answers 501 with this sentence. */
  | { readonly kind: 'refused'; readonly reason: string }

/** Who may pass. Lambda authorizers are asked; of the others the claims are handed on unverified, as nothing here signs. */
export type AuthorizerSpec =
  | {
      readonly kind: 'lambda'
      /** What its context is remembered under, with the identity. */
      readonly name: string
      readonly functionName: string
      readonly type: 'TOKEN' | 'REQUEST'
      /** `method.request.header.Authorization`, `$request.header.Authorization`, `$context.…` … */
      readonly identitySources: readonly string[]
      /** A TOKEN that does not match is 401 without a call. */
      readonly validation?: string
      readonly ttlSeconds: number
      /** REST has 1.0 alone. */
      readonly payload: '1.0' | '2.0'
      /** HTTP APIs: `{isAuthorized, context}` in place of a policy. */
      readonly simpleAnswers: boolean
    }
  | {
      readonly kind: 'jwt'
      readonly name: string
      readonly identitySource: string
      readonly issuer: string
      readonly audience: readonly string[]
      readonly scopes: readonly string[]
    }
  | { readonly kind: 'cognito'; readonly name: string; readonly identitySource: string }
  | { readonly kind: 'iam' }

/** One route of an API Gateway REST API (v1): what matches, and what answers. */
export interface RestRoute {
  /** GET … or ANY. */
  readonly method: string
  /** /hello/{name}, /{proxy+} */
  readonly path: string
  readonly target: RouteTarget
  readonly authorizer?: AuthorizerSpec
  readonly apiKeyRequired?: true
}

/** One stage of a REST API: a listener of its own. */
export interface RestApiSpec {
  readonly logicalId: string
  /** 10 lower-case letters and digits. */
  readonly apiId: string
  /** What its stage is called in traces: `<name>/<stage>`; absent: the stack's name. */
  readonly name?: string
  readonly stack: string
  readonly stage: string
  readonly stageVariables: Readonly<Record<string, string>>
  /** Stage tracing: writes an AWS::ApiGateway::Stage segment. */
  readonly tracing: boolean
  readonly routes: readonly RestRoute[]
  /** CORS as the template says; absent: none. */
  readonly cors?: RestCorsSpec
  /** Media types that functions get in base64, as `image/*`; absent: whatever is no text. */
  readonly binaryMediaTypes?: readonly string[]
}

/** CORS of a REST API; empty methods or headers: the route's own, and none. */
export interface RestCorsSpec {
  readonly allowOrigin: string
  readonly allowMethods: string
  readonly allowHeaders: string
  readonly allowCredentials?: boolean
  /** Seconds, as a header says them. */
  readonly maxAge?: string
  /** SAM gives each path an OPTIONS method, those with an ANY route too. */
  readonly everyPath?: boolean
}

/** CORS of an HTTP API or function URL, which answers preflights itself. */
export interface HttpCorsSpec {
  readonly allowOrigins: readonly string[]
  readonly allowMethods: readonly string[]
  readonly allowHeaders: readonly string[]
  readonly exposeHeaders: readonly string[]
  readonly allowCredentials: boolean
  readonly maxAgeSeconds?: number
}

/** One route of an API Gateway HTTP API (v2). */
export interface HttpRoute {
  /** GET … or ANY; `$default` has ANY. */
  readonly method: string
  /** /hello/{name}, /{proxy+}, or `$default`. */
  readonly path: string
  readonly target: RouteTarget
  readonly payload: '1.0' | '2.0'
  readonly authorizer?: AuthorizerSpec
  /** At most 30 000; absent: that. */
  readonly timeoutMs?: number
}

export interface HttpApiSpec {
  readonly logicalId: string
  readonly apiId: string
  readonly name?: string
  readonly stack: string
  /** `$default` has no part in paths. */
  readonly stage: string
  readonly stageVariables: Readonly<Record<string, string>>
  readonly routes: readonly HttpRoute[]
  readonly cors?: HttpCorsSpec
}

export interface FunctionUrlSpec {
  readonly logicalId: string
  /** 32 lower-case letters and digits. */
  readonly urlId: string
  readonly stack: string
  /** Name or ARN, with its qualifier where the URL is an alias'. */
  readonly functionName: string
  readonly authType: 'NONE' | 'AWS_IAM'
  readonly invokeMode: 'BUFFERED' | 'RESPONSE_STREAM'
  readonly cors?: HttpCorsSpec
}

/** An HTTP trigger of Function Compute. */
export interface FcTriggerSpec {
  /** The first label of its host in the cloud. */
  readonly id: string
  readonly stack: string
  readonly functionName: string
  /** Upper case; never empty. */
  readonly methods: readonly string[]
  /** Anything but anonymous wants an Authorization header here, whose signature is not checked. */
  readonly authType: string
  /** How its errors are spelled. */
  readonly edition: '2' | '3'
}

/** A queue or stream that is polled for its function: AWS::Lambda::EventSourceMapping. */
export interface EventSourceSpec {
  /** Stable for a template's; the control plane's own otherwise. */
  readonly uuid: string
  readonly stack: string
  readonly functionName: string
  readonly source: 'sqs' | 'dynamodb' | 'kinesis'
  readonly arn: string
  readonly enabled: boolean
  readonly batchSize: number
  /** MaximumBatchingWindowInSeconds. */
  readonly windowSeconds: number
  /** ReportBatchItemFailures. */
  readonly partialFailures: boolean
  /** JSON texts of FilterCriteria: an event that none matches is dropped. Empty: all pass. */
  readonly filters: readonly string[]
  /** SQS. */
  readonly maximumConcurrency?: number
  /** Streams, from here on. */
  readonly startingPosition?: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP'
  readonly startingTimestampMs?: number
  /** -1: for as long as the record is there. */
  readonly maximumRetryAttempts?: number
  readonly maximumRecordAgeSeconds?: number
  readonly bisectOnError?: boolean
  /** Batches of one shard at a time, 1 to 10; absent: 1. */
  readonly parallelizationFactor?: number
  /** Queue or topic that is told of given-up batches. */
  readonly onFailureArn?: string
}

/** EventBridge's rule with a rate or cron expression, or one of EventBridge Scheduler's. */
export interface ScheduleSpec {
  readonly logicalId: string
  readonly stack: string
  readonly kind: 'rule' | 'scheduler'
  readonly name: string
  readonly arn: string
  /** rate(…), cron(…), at(…) */
  readonly expression: string
  /** IANA name; rules are UTC. */
  readonly timezone: string
  readonly functionName: string
  /** JSON text that stands for the event. */
  readonly input?: string
  readonly enabled: boolean
}

/** An EventBridge rule with a pattern, and one function among its targets. */
export interface EventRuleSpec {
  readonly logicalId: string
  readonly stack: string
  readonly name: string
  /** Name of the bus. */
  readonly bus: string
  /** JSON text. */
  readonly pattern: string
  readonly functionName: string
  readonly enabled: boolean
  readonly input?: string
  readonly inputPath?: string
  readonly inputTransformer?: { readonly paths: Readonly<Record<string, string>>; readonly template: string }
  /** Queue that gets events which the function could not be given. */
  readonly deadLetterArn?: string
}

export interface TopicSubscriptionSpec {
  readonly logicalId: string
  readonly stack: string
  readonly topicArn: string
  readonly functionName: string
  /** JSON text. */
  readonly filterPolicy?: string
  readonly filterPolicyScope?: 'MessageAttributes' | 'MessageBody'
  /** Queue that gets messages which the function could not be given. */
  readonly deadLetterArn?: string
}

export interface BucketNotificationSpec {
  readonly logicalId: string
  readonly stack: string
  readonly bucket: string
  /** s3:ObjectCreated:* … */
  readonly events: readonly string[]
  readonly prefix: string
  readonly suffix: string
  /** The name of a function, or the ARN of a queue or a topic. */
  readonly target: string
}

/** AWS::Logs::SubscriptionFilter with a function for its destination. */
export interface LogSubscriptionSpec {
  readonly logicalId: string
  readonly stack: string
  readonly filterName: string
  readonly logGroup: string
  readonly pattern: string
  /** Name or ARN. */
  readonly functionName: string
}

/** What a metric filter makes of a line that fits. */
export interface MetricTransformation {
  readonly metricName: string
  readonly metricNamespace: string
  /** A number, `$.selector` or `$field`. */
  readonly metricValue: string
  /** Recorded for a minute whose lines did not fit. */
  readonly defaultValue?: number
  /** Name of the dimension → selector. */
  readonly dimensions?: Readonly<Record<string, string>>
  readonly unit?: string
}

/** AWS::Logs::MetricFilter. */
export interface MetricFilterSpec {
  readonly logicalId: string
  readonly stack: string
  readonly filterName: string
  readonly logGroup: string
  readonly pattern: string
  readonly transformation: MetricTransformation
}

/** A resource of the template that the pass-through cloud has: made there when the app is deployed. */
export interface CloudResourceSpec {
  readonly logicalId: string
  readonly type: string
  /** Physical name. */
  readonly name: string
  /** Resolved. */
  readonly properties: Readonly<Record<string, unknown>>
  /** DeletionPolicy: it outlives its stack. */
  readonly retained?: true
}

/** Everything in an app that is not a function. */
export interface AppTriggers {
  readonly restApis: readonly RestApiSpec[]
  readonly httpApis: readonly HttpApiSpec[]
  readonly functionUrls: readonly FunctionUrlSpec[]
  readonly fcTriggers: readonly FcTriggerSpec[]
  readonly eventSources: readonly EventSourceSpec[]
  readonly schedules: readonly ScheduleSpec[]
  readonly eventRules: readonly EventRuleSpec[]
  readonly topicSubscriptions: readonly TopicSubscriptionSpec[]
  readonly bucketNotifications: readonly BucketNotificationSpec[]
  readonly logSubscriptions: readonly LogSubscriptionSpec[]
  readonly metricFilters: readonly MetricFilterSpec[]
  /** In the order of the template. */
  readonly cloudResources: readonly CloudResourceSpec[]
}

export const NO_TRIGGERS: AppTriggers = {
  restApis: [],
  httpApis: [],
  functionUrls: [],
  fcTriggers: [],
  eventSources: [],
  schedules: [],
  eventRules: [],
  topicSubscriptions: [],
  bucketNotifications: [],
  logSubscriptions: [],
  metricFilters: [],
  cloudResources: [],
}

/** What deploy/ has to refuse; it may import this file alone. */
export { eventSourceFault } from './triggers/event-source-fault.ts'
