// The answer of a function URL in RESPONSE_STREAM mode: its bytes go to the client as the function writes them. In front
// of them may stand a prelude with status and headers, as `awslambda.HttpResponseStream.from` writes it.
import { messageOf } from '../../errors.ts'
import { ThrottledError } from '../../functions/throttled-error.ts'
import type { ProxyResponse } from '../../functions/triggers/gateway-answer.ts'
import { fromHttpResult, fromPrelude, PRELUDE_END } from '../../functions/triggers/http-answer.ts'
import { formatTraceHeader } from '../../span/trace-header.ts'
import { payloadOf, withAnswered, type Exchange, type FrontResponse } from './front-exchange.ts'
import { BAD_GATEWAY, THROTTLED, TOO_LARGE } from './function-url-refusals.ts'

const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response'
const MAX_PRELUDE_BYTES = 64 * 1024

type Head = Omit<ProxyResponse, 'body'>

export async function streamAnswer(exchange: Exchange, functionName: string, event: object): Promise<FrontResponse> {
  const { options, trace, label } = exchange
  const payload = payloadOf(event)
  if (payload === undefined) return TOO_LARGE
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, {
    highWaterMark: 1e6,
  })
  const writer = writable.getWriter()
  // A client that went away takes no more: the function goes on all the same.
  writer.closed.catch(() => undefined)
  const head = Promise.withResolvers<Head | undefined>()
  let prelude: Buffer | undefined
  const invocation = options.invoke({
    functionName,
    payload,
    traceHeader: formatTraceHeader(trace),
    stream: {
      start(contentType = 'application/octet-stream') {
        if (contentType.startsWith(PRELUDE_TYPE)) prelude = Buffer.alloc(0)
        else head.resolve({ status: 200, headers: { 'Content-Type': [contentType] } })
      },
      chunk(bytes) {
        if (prelude === undefined) return void writer.write(bytes).catch(() => undefined)
        prelude = Buffer.concat([prelude, bytes])
        const end = prelude.indexOf(PRELUDE_END)
        if (end < 0 && prelude.length <= MAX_PRELUDE_BYTES) return
        head.resolve(end < 0 ? undefined : fromPrelude(prelude.subarray(0, end)))
        const rest = prelude.subarray(end + PRELUDE_END.length)
        prelude = undefined
        if (end >= 0 && rest.length > 0) void writer.write(rest).catch(() => undefined)
      },
    },
  })
  // What never streamed has no head.
  const ended = invocation.finally(() => {
    head.resolve(undefined)
    writer.close().catch(() => undefined)
  })
  ended.catch(() => undefined)
  const streamed = await head.promise
  if (streamed !== undefined) return { ...streamed, body: readable }
  try {
    const result = await invocation
    exchange.trace = withAnswered(trace, result.traceHeader)
    if (result.functionError !== undefined) return BAD_GATEWAY
    return fromHttpResult(result.payload, 'application/json') ?? BAD_GATEWAY
  } catch (error) {
    options.log.warn({ api: label, functionName, reason: messageOf(error) }, 'invocation failed')
    return error instanceof ThrottledError ? THROTTLED : BAD_GATEWAY
  }
}
