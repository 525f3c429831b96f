// The log of one invocation in its order: the system's lines and the function's own, as records for the store and as
// the tail for the caller.
import type { LogRecord } from '../span/log-record.ts'
import type { FunctionLine } from './invocation-record.ts'
import { systemLines, type SystemLine, type SystemLogInput } from './platform-log.ts'

/** X-Amz-Log-Result holds so much of the log's end. */
export const LOG_TAIL_BYTES = 4096

const SEVERITY_NUMBERS: Readonly<Record<string, number>> = {
  TRACE: 1,
  DEBUG: 5,
  INFO: 9,
  WARN: 13,
  WARNING: 13,
  ERROR: 17,
  CRITICAL: 21,
  FATAL: 21,
}

/** What the line says of itself: by its frame, by `[INFO]` in front, or by a JSON member `level`. */
export function severityOf(line: Pick<FunctionLine, 'text' | 'level'>): {
  readonly severity: string
  readonly severityNumber: number
} {
  const said =
    line.level ||
    (line.text.startsWith('[')
      ? /^\[([A-Z]+)\]\s/.exec(line.text)?.[1]
      : line.text.startsWith('{')
        ? /"level"\s*:\s*"([A-Za-z]+)"/.exec(line.text)?.[1]
        : undefined)
  const severityNumber = SEVERITY_NUMBERS[said?.toUpperCase() ?? ''] ?? 0
  return severityNumber === 0 ? { severity: '', severityNumber } : { severity: said!, severityNumber }
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
}

export function invocationLog(input: InvocationLogInput): InvocationLog {
  const { record } = input
  const system = systemLines(input)
  const writer = new LogWriter(input)
  const own = (wanted: (line: FunctionLine) => boolean): void => {
    for (const line of record.lines) if (wanted(line)) writer.addFunction(line)
  }
  own((line) => line.requestId === undefined)
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
  lines: { readonly lines: readonly FunctionLine[]; readonly receivedNanos: bigint },
): LogRecord[] {
  return lines.lines.map((line) => ({
    timeNanos: line.timeNanos,
    receivedNanos: lines.receivedNanos,
    kind: 'function',
    logGroup: spec.logGroup,
    logStream,
    service: spec.name,
    ...severityOf(line),
    body: line.text,
    attributes: {},
    resource: {},
  }))
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
    for (const line of lines) {
      const level = line.failed ? { severity: 'ERROR', severityNumber: 17 } : { severity: '', severityNumber: 0 }
      this.#add('platform', line.timeNanos, { text: line.text, body: line.text.replace(/\n+$/, ''), ...level })
    }
  }

  addFunction(line: FunctionLine): void {
    const joined = line.requestId !== undefined
    this.#add('function', line.timeNanos, { text: `${line.text}\n`, body: line.text, ...severityOf(line) }, joined)
  }

  addDropped(count: number): void {
    const body = `fnscope: ${count} more lines of this invocation were dropped, its log was over 10 MB`
    this.#add('platform', 0n, { text: `${body}\n`, body, severity: 'WARN', severityNumber: 13 })
  }

  // Times never go back from one line to the next: a log is read in the order of its times.
  #add(
    kind: 'platform' | 'function',
    at: bigint,
    line: { readonly text: string; readonly body: string; readonly severity: string; readonly severityNumber: number },
    joined = true,
  ): void {
    const { spec, record, traceId, receivedNanos } = this.#input
    const timeNanos = at > this.#lastNanos ? at : this.#lastNanos + 1n
    this.#lastNanos = timeNanos
    if (this.#inTail) this.tail.push(line.text)
    this.records.push({
      timeNanos,
      receivedNanos,
      kind,
      logGroup: spec.logGroup,
      logStream: record.logStream,
      service: spec.name,
      ...(joined ? { requestId: record.requestId, traceId } : {}),
      severity: line.severity,
      severityNumber: line.severityNumber,
      body: line.body,
      attributes: {},
      resource: {},
    })
  }
}

function cutTail(pieces: readonly string[]): string {
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
