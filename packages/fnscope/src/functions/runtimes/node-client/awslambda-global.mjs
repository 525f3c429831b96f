// The global `awslambda`: streamifyResponse and HttpResponseStream for streamed results, and InvokeStore, where libraries
// (the AWS SDK, Powertools) look up the request and the trace of the invocation at work.

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming')
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark')
const INTEGRATION_RESPONSE = 'application/vnd.awslambda.http-integration-response'
const PRELUDE_END = new Uint8Array(8)
const KEYS = {
  REQUEST_ID: Symbol.for('_AWS_LAMBDA_REQUEST_ID'),
  X_RAY_TRACE_ID: Symbol.for('_AWS_LAMBDA_X_RAY_TRACE_ID'),
  TENANT_ID: Symbol.for('_AWS_LAMBDA_TENANT_ID'),
}

/** @returns {{streaming: unknown, highWaterMark: unknown}} as `streamifyResponse` marked the handler */
export function streamingMarks(handler) {
  return { streaming: handler[STREAMING], highWaterMark: handler[HIGH_WATER_MARK] }
}

/** Status, headers and cookies before the body: they are written with its first bytes. */
const HttpResponseStream = {
  from(stream, prelude) {
    stream.setContentType(INTEGRATION_RESPONSE)
    stream._onBeforeFirstWrite = (write) => {
      write(JSON.stringify(prelude))
      write(PRELUDE_END)
    }
    return stream
  },
}

// One invocation at a time: a plain place is enough.
class InvokeStore {
  static PROTECTED_KEYS = KEYS
  #context

  getContext() {
    return this.#context
  }

  hasContext() {
    return this.#context !== undefined
  }

  get(key) {
    return this.#context?.[key]
  }

  set(key, value) {
    if (Object.values(KEYS).includes(key))
      throw new Error(`Cannot modify protected Lambda context field: ${String(key)}`)
    this.#context ??= {}
    this.#context[key] = value
  }

  getRequestId() {
    return this.get(KEYS.REQUEST_ID) ?? '-'
  }

  getXRayTraceId() {
    return this.get(KEYS.X_RAY_TRACE_ID)
  }

  getTenantId() {
    return this.get(KEYS.TENANT_ID)
  }

  run(context, work) {
    this.#context = context
    return work()
  }
}

export function setUpGlobals() {
  if (/^(1|true)$/.test(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA ?? '')) return
  globalThis.awslambda = {
    ...globalThis.awslambda,
    streamifyResponse(handler, options) {
      handler[STREAMING] = 'response'
      if (typeof options?.highWaterMark === 'number') handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark)
      return handler
    },
    HttpResponseStream,
    InvokeStore: globalThis.awslambda?.InvokeStore ?? new InvokeStore(),
  }
}

/** Tells InvokeStore whose turn it is. */
export function enterInvocation(context) {
  globalThis.awslambda?.InvokeStore?.run(
    {
      [KEYS.REQUEST_ID]: context.awsRequestId,
      [KEYS.X_RAY_TRACE_ID]: process.env._X_AMZN_TRACE_ID,
      [KEYS.TENANT_ID]: context.tenantId,
    },
    () => {},
  )
}
