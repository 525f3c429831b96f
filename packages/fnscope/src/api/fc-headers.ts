// The X-Fc-… headers between Function Compute and its callers: what one says of its trace, and what it is told of a run.
import type { IncomingHttpHeaders } from 'node:http'
import type { FrontInvokeResult } from './front/front-options.ts'
import { traceHeaderOf } from '../functions/fc-span-context.ts'

const SPAN_CONTEXT = 'x-fc-tracing-opentracing-span-context'
const BAGGAGE = `${SPAN_CONTEXT}-baggage-`
/** Jaeger's own spelling, as its clients inject it. */
const JAEGER_BAGGAGE = 'uberctx-'

export interface FcCaller {
  /** Its span, as the platform is told of it. */
  readonly traceHeader: string | undefined
  readonly baggages: Readonly<Record<string, string>>
}

export function fcCallerOf(headers: IncomingHttpHeaders): FcCaller {
  const baggages: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const prefix = [BAGGAGE, JAEGER_BAGGAGE].find((each) => name.startsWith(each))
    if (prefix !== undefined && value !== undefined) baggages[name.slice(prefix.length)] = String(value)
  }
  const own = headerOf(headers, SPAN_CONTEXT)
  const jaeger = headerOf(headers, 'uber-trace-id')
  return { traceHeader: traceHeaderOf(own) ?? traceHeaderOf(percentDecoded(jaeger)), baggages }
}

/** Jaeger's clients escape the colons of their header. */
function percentDecoded(text: string | undefined): string | undefined {
  return text?.replaceAll(/%3a/gi, ':')
}

export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

export function answerHeaders(
  answer: Pick<FrontInvokeResult, 'fc' | 'requestId' | 'traceHeader'>,
): Record<string, string> {
  const { fc } = answer
  return {
    'X-Fc-Request-Id': answer.requestId ?? '',
    'X-Fc-Invocation-Service-Version': 'LATEST',
    // fnscope's own: whose trace it is, for whoever looks it up.
    'X-Amzn-Trace-Id': answer.traceHeader ?? '',
    ...(fc === undefined
      ? {}
      : {
          'X-Fc-Instance-Id': fc.instanceId,
          'X-Fc-Invocation-Duration': String(Math.max(1, Math.round(fc.durationMs))),
          'X-Fc-Max-Memory-Usage': fc.maxMemoryMb.toFixed(2),
          ...(fc.errorType === undefined ? {} : { 'X-Fc-Error-Type': fc.errorType }),
        }),
  }
}
