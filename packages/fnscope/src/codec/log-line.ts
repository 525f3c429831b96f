// What a log line says of itself: level, trace, span, request, and its fields. For lines of functions, of PutLogEvents and
// for OTLP bodies alike. JSON lines are read by log-fields.ts; here are the spellings of plain text.
import type { Attributes } from '../span/attribute-value.ts'
import { NO_SEVERITY, severityOfName, type Severity } from '../span/severity.ts'
import { isDeeperThan, isJsonObject } from './json.ts'
import { parseLambdaRequestId, parseLogSpanId, parseLogTraceId } from './log-ids.ts'
import { readFields } from './log-fields.ts'

export interface LogLine extends Severity {
  /** 32 hex digits. */
  readonly traceId?: string
  /** 16 hex digits. */
  readonly spanId?: string
  readonly requestId?: string
  /** The service's name, of loggers that write one. */
  readonly service?: string
  /** Fields of a JSON line that are no level, id, time or message: those with a scalar value. */
  readonly attributes: Attributes
  /** The line as it is stored: `\u8a02` of a JSON line is 訂, so that a search finds it. */
  readonly body: string
}

/** Longer ones are kept as they are, and not looked into. */
const MAX_JSON_LENGTH = 1024 * 1024
const MAX_DEPTH = 64
const NOTHING: Attributes = {}

/** Of any text; what it does not say is absent. Never throws. */
export function parseLogLine(text: string): LogLine {
  const json = jsonStart(text)
  if (json === 0) return jsonLine(text, text) ?? { ...NO_SEVERITY, attributes: NOTHING, body: text }
  const said = textLine(text)
  const inside = json > 0 ? jsonLine(text.slice(json), text) : undefined
  if (inside === undefined) return { ...said, attributes: NOTHING, body: text }
  // The runtime's words stand before what the logger wrote: it knows the request, the logger its level.
  return { ...said, ...inside, ...(inside.severityNumber === 0 ? severityIn(said) : {}), ...requestIn(said) }
}

const severityIn = ({ severity, severityNumber }: Severity): Severity => ({ severity, severityNumber })
const requestIn = ({ requestId }: { readonly requestId?: string }): { readonly requestId?: string } =>
  requestId === undefined ? {} : { requestId }

/** Where a JSON object begins that goes on to the line's end: at once, or behind the runtime's tab. -1: nowhere. */
function jsonStart(text: string): number {
  if (!text.trimEnd().endsWith('}')) return -1
  const at = text.indexOf('{')
  return at >= 0 && (text[at - 1] === '\t' || text.slice(0, at).trim() === '') ? (text[at - 1] === '\t' ? at : 0) : -1
}

function jsonLine(json: string, whole: string): LogLine | undefined {
  if (json.length > MAX_JSON_LENGTH || isDeeperThan(json, MAX_DEPTH)) return undefined
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return undefined
  }
  return isJsonObject(value) ? { ...readFields(value), body: withoutEscapes(whole) } : undefined
}

/** Python's json escapes whatever is not ASCII. Those of control characters stay, and so does a half of a pair. */
function withoutEscapes(json: string): string {
  if (!json.includes('\\u')) return json
  return json.replaceAll(/\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|.)/gs, (all, high, low) => {
    if (high === undefined) return all
    const first = Number.parseInt(high as string, 16)
    const second = low === undefined ? undefined : Number.parseInt(low as string, 16)
    if (first >= 0xd800 && first < 0xdc00 && second !== undefined) return String.fromCharCode(first, second)
    if (first < 0xa0 || (first >= 0xd800 && first < 0xe000)) return all
    return String.fromCharCode(first) + (low === undefined ? '' : all.slice(6))
  })
}

// `[ERROR]\t…` and `[ERROR] …` of the Python runtime; `TIME\tID\tLEVEL\t…` of Node's.
const PYTHON = /^\[([A-Za-z]+)\](?:\t[^\t]*Z\t([^\t]*)\t|\s)/
const NODE = /^\d{4}-\d\d-\d\dT[\d:.]+Z\t([^\t]*)\t([A-Za-z]+)\t/
/** A level in front, behind a time at most: `ERROR: …`, `2026-11-21 08:03:35,790 - shop - WARNING - …`, `level=info`. */
const LEVEL_FIRST =
  /^(?:\[?(?:\d{4}[-/]\d\d[-/]\d\d[T ])?\d\d:[\d:.,]+(?:Z|[+-]\d\d:?\d\d)?\]?[\s|-]*)?(?:[\w.]+ - |\[[\w-]+\]\s+)?[[(<]?([A-Za-z]{3,13})[\])>]?(?:[:|\s]|$)/
const LOGFMT_LEVEL = /(?:^|\s)(?:level|lvl|severity)=["']?([A-Za-z]+)/
const TRACEBACK = /^Traceback \(most recent call last\):/
const REQUEST = /(?:^|\s)RequestId: ([0-9a-f-]{36})|^\d{4}-\d\d-\d\dT[\d:.]+Z ([0-9a-f-]{36}) Task timed out/
const TRACE_WORD = /trace/i
const SPAN_WORD = /span/i
const TRACE_KEY = /(?:^|[\s[(,{;"'])(dd\.|otel)?(?:xray_)?trace[_.]?id["']?\s*[=:]\s*["']?([0-9a-fA-F-]{1,40})/i
const SPAN_KEY = /(?:^|[\s[(,{;"'])(dd\.|otel)?span[_.]?id["']?\s*[=:]\s*["']?([0-9a-fA-F]{1,20})/i
const XRAY_TEXT = /\b(?:Root=|XRAY TraceId: |X-?Ray trace(?: id)?:? )(1-[0-9a-f]{8}-[0-9a-f]{24})/i
const REQUEST_KEY =
  /(?:^|[\s[(,{;"'])(?:aws_?|lambda_?|function_?)?request[_.]?id["']?\s*[=:]\s*["']?([0-9a-f]{8}-[0-9a-f-]{27})/i

function textLine(text: string): Omit<LogLine, 'attributes' | 'body'> {
  // What stands far behind the beginning is what the line tells about, not what it is.
  const front = text.length > 2000 ? text.slice(0, 2000) : text
  const python = PYTHON.exec(front)
  const node = python === null ? NODE.exec(front) : null
  const requestId =
    parseLambdaRequestId(python?.[2] ?? node?.[1]) ??
    (front.includes('equest') || front.includes('Task timed out') ? requestInText(front) : undefined)
  // Most lines hold none: a search for a word costs a tenth of the pattern.
  const trace = TRACE_WORD.test(front) ? TRACE_KEY.exec(front) : null
  const span = SPAN_WORD.test(front) ? SPAN_KEY.exec(front) : null
  const traceId = trace === null ? undefined : parseLogTraceId(trace[2]!, { decimal: trace[1] === 'dd.' })
  const xray = traceId === undefined && front.includes('1-') ? XRAY_TEXT.exec(front)?.[1] : undefined
  const foundTrace = traceId ?? (xray === undefined ? undefined : parseLogTraceId(xray))
  const spanId = span === null ? undefined : parseLogSpanId(span[2]!, { decimal: span[1] === 'dd.' })
  return {
    ...severityOfText(front, python?.[1] ?? node?.[2]),
    ...(foundTrace === undefined ? {} : { traceId: foundTrace }),
    ...(spanId === undefined ? {} : { spanId }),
    ...(requestId === undefined ? {} : { requestId }),
  }
}

function requestInText(text: string): string | undefined {
  const found = REQUEST.exec(text)
  return parseLambdaRequestId(found?.[1] ?? found?.[2]) ?? parseLambdaRequestId(REQUEST_KEY.exec(text)?.[1])
}

function severityOfText(text: string, runtimes: string | undefined): Severity {
  if (runtimes !== undefined) {
    const said = severityOfName(runtimes)
    if (said.severityNumber !== 0) return said
  }
  if (TRACEBACK.test(text)) return severityOfName('ERROR')
  const first = LEVEL_FIRST.exec(text)?.[1]
  // A word in front is a level only as levels are written: `Error` begins many a sentence.
  if (first !== undefined && (first === first.toUpperCase() || /^[[(<]?[A-Za-z]+[\])>:]/.test(text))) {
    const said = severityOfName(first)
    if (said.severityNumber !== 0) return said
  }
  return severityOfName(LOGFMT_LEVEL.exec(text)?.[1] ?? '')
}
