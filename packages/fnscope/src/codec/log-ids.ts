// Ids as loggers write them into lines: hex, X-Ray's, W3C's header, Datadog's decimal; to the model's hex.
import { parseSpanId, parseTraceId } from '../span/id.ts'

const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)
const HEX_16 = /^[0-9a-f]{16}$/i
const DECIMAL = /^\d{1,20}$/
const MAX_U64 = 0xffff_ffff_ffff_ffffn
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** Alibaba's Function Compute: 1-66f2c1a3-… with three parts. */
const FC_REQUEST = /^1-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{12}$/i

interface IdOptions {
  /** Datadog's: digits alone are a number, 64 bits of it. */
  readonly decimal?: boolean
}

/** 32 hex digits; a trace id of 64 bits is filled with zeros in front. undefined: none, or all zero. */
export function parseLogTraceId(text: string, { decimal = false }: IdOptions = {}): string | undefined {
  const id = decimal && DECIMAL.test(text) ? hexOf(text) : (parseTraceId(text) ?? shortTrace(text))
  const traceId = id?.padStart(32, '0')
  return traceId === NO_TRACE ? undefined : traceId
}

/** 16 hex digits. undefined: none, or all zero. */
export function parseLogSpanId(text: string, { decimal = false }: IdOptions = {}): string | undefined {
  const spanId = decimal && DECIMAL.test(text) ? hexOf(text)?.padStart(16, '0') : parseSpanId(text)
  return spanId === NO_SPAN ? undefined : spanId
}

/** A Lambda request id, or Function Compute's: anything else that is called a request id is another's. */
export function parseLambdaRequestId(text: string | undefined): string | undefined {
  return text !== undefined && (UUID.test(text) || FC_REQUEST.test(text)) ? text : undefined
}

function hexOf(digits: string): string | undefined {
  const value = BigInt(digits)
  return value > MAX_U64 ? undefined : value.toString(16)
}

function shortTrace(text: string): string | undefined {
  return HEX_16.test(text) ? text.toLowerCase() : undefined
}
