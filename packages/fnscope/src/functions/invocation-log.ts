// The log of one invocation in its order: the system's lines and the function's own, as records for the store and as
// the tail for the caller.
import type { Attributes } from '../span/attribute-value.ts'
import type { LogRecord } from '../span/log-record.ts'
import { severityOfName, type Severity } from '../span/severity.ts'
import type { FunctionLine } from './invocation-record.ts'
import { noteLine, systemLines, type SystemLine, type SystemLines, type SystemLogInput } from './platform-log.ts'

/** X-Amz-Log-Result holds so much of the log's end. */
export const LOG_TAIL_BYTES = 4096

/** What a function's line says of itself (codec/log-line.ts). */
export interface LineSaid extends Severity {
  readonly traceId?: string
  readonly spanId?: string
  readonly requestId?: string
  readonly attributes: Attributes
  /** The line as it is stored. */
  readonly body: string
}

export type ReadLine = (text: string) => LineSaid

type LineFields = Pick<LogRecord, 'severity' | 'severityNumber' | 'attributes' | 'body' | 'spanId' | 'traceId'>

/**
 * What of a line goes into its record. The runtime's frame knows the level. The trace is the invocation's, but for a line
 * that names a span too: that was written inside of it, and an SDK may have begun a trace of its own.
 */
function fieldsOf(line: FunctionLine, readLine: ReadLine): LineFields {
  const { severity, severityNumber, attributes, body, traceId, spanId } = readLine(line.text)
  const framed = severityOfName(line.level)
  return {
    ...(framed.severityNumber === 0 ? { severity, severityNumber } : framed),
    ...(traceId === undefined || spanId === undefined ? {} : { traceId, spanId }),
    attributes,
    body,
  }
}

function systemFields({ text, failed }: SystemLine): LineFields {
  const level = failed ? { severity: 'ERROR', severityNumber: 17 } : { severity: '', severityNumber: 0 }
  return { body: text.replace(/\n+$/, ''), attributes: {}, ...level }
}

function kindOf({ note, extension }: FunctionLine): LogRecord['kind'] {
  if (note) return 'platform'
  return extension === undefined ? 'function' : 'extension'
}

export interface InvocationLog {
  readonly records: LogRecord[]
  /** At most 4096 bytes: START … REPORT … XRAY, cut at the front. */
  readonly tail: string
}

export interface InvocationLogInput extends SystemLogInput {
  /** 32 hex digits. */
  readonly traceId: string
  readonly receivedNanos: bigint
  readonly readLine: ReadLine
  /** Instead of Lambda's. */
  readonly system?: SystemLines
}

export function invocationLog(input: InvocationLogInput): InvocationLog {
  const { record } = input
  const system = input.system ?? systemLines(input)
  const writer = new LogWriter(input)
  const own = (wanted: (line: FunctionLine) => boolean): void => {
    for (const line of record.lines) if (wanted(line)) writer.addFunction(line)
  }
  own((line) => line.requestId === undefined && line.duringInit === undefined)
  writer.addSystem(system.beforeInit)
  own((line) => line.duringInit === 'init')
  writer.addSystem(system.betweenInits)
  // An init inside the invocation belongs to its tail: there its error is explained.
  writer.beginTail()
  own((line) => line.duringInit === 'invoke')
  writer.addSystem(system.beforeInvoke)
  own((line) => line.duringInit === undefined && line.requestId !== undefined)
  if (record.droppedLines > 0) writer.addDropped(record.droppedLines)
  writer.addSystem(system.afterInvoke)
  return { records: writer.records, tail: cutTail(writer.tail) }
}

/** Lines of no invocation: written after the last one and never followed by another. */
export function idleLog(
  spec: InvocationLogInput['spec'],
  logStream: string,
  lines: { readonly lines: readonly FunctionLine[]; readonly receivedNanos: bigint; readonly readLine: ReadLine },
): LogRecord[] {
  return lines.lines.flatMap((line) => {
    const note = line.note && noteLine(spec, line.note, line.timeNanos)
    if (line.note && !note) return []
    return {
      timeNanos: line.timeNanos,
      receivedNanos: lines.receivedNanos,
      kind: kindOf(line),
      logGroup: spec.logGroup,
      logStream,
      service: spec.name,
      ...(note ? systemFields(note) : fieldsOf(line, lines.readLine)),
      resource: {},
    }
  })
}

class LogWriter {
  readonly records: LogRecord[] = []
  readonly tail: string[] = []
  readonly #input: InvocationLogInput
  #lastNanos = 0n
  #inTail = false

  constructor(input: InvocationLogInput) {
    this.#input = input
  }

  beginTail(): void {
    this.#inTail = true
  }

  addSystem(lines: readonly SystemLine[]): void {
    for (const line of lines) this.#add('platform', line.timeNanos, line.text, systemFields(line))
  }

  addFunction(line: FunctionLine): void {
    const joined = line.requestId !== undefined
    const note = line.note && noteLine(this.#input.spec, line.note, line.timeNanos)
    if (note) this.#add('platform', line.timeNanos, note.text, systemFields(note), joined)
    if (line.note) return
    this.#add(kindOf(line), line.timeNanos, `${line.text}\n`, fieldsOf(line, this.#input.readLine), joined)
  }

  addDropped(count: number): void {
    const body = `fnscope: ${count} more lines of this invocation were dropped, its log was over 10 MB`
    this.#add('platform', 0n, `${body}\n`, { body, attributes: {}, severity: 'WARN', severityNumber: 13 })
  }

  // Times never go back from one line to the next: a log is read in the order of its times.
  #add(kind: LogRecord['kind'], at: bigint, text: string, fields: LineFields, joined = true): void {
    const { spec, record, traceId, receivedNanos } = this.#input
    const timeNanos = at > this.#lastNanos ? at : this.#lastNanos + 1n
    this.#lastNanos = timeNanos
    if (this.#inTail) this.tail.push(text)
    this.records.push({
      timeNanos,
      receivedNanos,
      kind,
      logGroup: spec.logGroup,
      logStream: record.logStream,
      service: spec.name,
      ...(joined ? { requestId: record.requestId, traceId } : {}),
      ...fields,
      resource: {},
    })
  }
}

/** The last 4096 bytes, not in the middle of a character. */
export function cutTail(pieces: readonly string[]): string {
  const last: string[] = []
  let size = 0
  for (let i = pieces.length - 1; i >= 0 && size < LOG_TAIL_BYTES; i--) {
    last.unshift(pieces[i]!)
    size += Buffer.byteLength(pieces[i]!)
  }
  const bytes = Buffer.from(last.join(''))
  if (bytes.length <= LOG_TAIL_BYTES) return bytes.toString('utf8')
  let from = bytes.length - LOG_TAIL_BYTES
  // Not in the middle of a character.
  while (from < bytes.length && (bytes[from]! & 0xc0) === 0x80) from += 1
  return bytes.toString('utf8', from)
}
