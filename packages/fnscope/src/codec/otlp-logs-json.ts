// ExportLogsServiceRequest in JSON: written out as protobuf and decoded as such. Not the hot path.
import type { LogRecord } from '../span/log-record.ts'
import type { JsonObject } from './json.ts'
import { writeSources } from './otlp-json-source.ts'
import {
  countOf,
  enumOf,
  idOf,
  integerOf,
  objectOf,
  stringOf,
  writeAnyValue,
  writeAttributes,
  writeCount,
  writeText,
} from './otlp-json.ts'
import { decodeOtlpLogs } from './otlp-logs.ts'
import type { OtlpSignalOptions } from './otlp-source.ts'
import type { ProtobufWriter } from './protobuf-writer.ts'
import type { Taken } from './taken.ts'

const NAMES = { resources: 'resourceLogs', scopes: 'scopeLogs', records: 'logRecords' }

const SEVERITIES = [
  'SEVERITY_NUMBER_UNSPECIFIED',
  ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((level) =>
    ['', '2', '3', '4'].map((step) => `SEVERITY_NUMBER_${level}${step}`),
  ),
]

/**
 * Appends the request's log records to `into`. Unknown fields, snake_case ones among them, are ignored.
 * @throws MalformedError then `into` is in no state to be used
 */
export function decodeOtlpLogsJson(body: Uint8Array, into: LogRecord[], options: OtlpSignalOptions): Taken {
  return decodeOtlpLogs(writeSources(body, NAMES, writeRecord), into, options)
}

function writeRecord(writer: ProtobufWriter, record: JsonObject): void {
  writer.fixed64(1, integerOf(record, 'timeUnixNano'))
  writeCount(writer, 2, enumOf(record, 'severityNumber', SEVERITIES))
  writeText(writer, 3, stringOf(record, 'severityText'))
  const body = objectOf(record, 'body')
  if (body !== undefined) writeAnyValue(writer, 5, body)
  writeAttributes(writer, 6, record)
  writeCount(writer, 7, countOf(record, 'droppedAttributesCount'))
  const flags = countOf(record, 'flags')
  if (flags !== 0) writer.fixed32(8, flags)
  writer.bytes(9, idOf(record, 'traceId'))
  writer.bytes(10, idOf(record, 'spanId'))
  writer.fixed64(11, integerOf(record, 'observedTimeUnixNano'))
  writeText(writer, 12, stringOf(record, 'eventName'))
}
