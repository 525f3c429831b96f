// What stands around spans, log records and metrics in OTLP/JSON, written out as protobuf: a request holds resources, a
// resource scopes, a scope the records. The signals name these differently and number them alike.
import type { JsonObject } from './json.ts'
import {
  countOf,
  objectOf,
  objectsOf,
  parseOtlpJson,
  stringOf,
  writeAttributes,
  writeCount,
  writeText,
} from './otlp-json.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

export interface SourceNames {
  readonly resources: string
  readonly scopes: string
  readonly records: string
}

/** The request as protobuf. @throws MalformedError */
export function writeSources(
  body: Uint8Array,
  names: SourceNames,
  writeRecord: (writer: ProtobufWriter, record: JsonObject) => void,
): Uint8Array {
  const writer = new ProtobufWriter()
  for (const source of objectsOf(parseOtlpJson(body), names.resources)) {
    const mark = writer.open(1)
    writeResource(writer, source)
    for (const scoped of objectsOf(source, names.scopes)) {
      const scopedMark = writer.open(2)
      writeScope(writer, scoped)
      for (const record of objectsOf(scoped, names.records)) {
        const recordMark = writer.open(2)
        writeRecord(writer, record)
        writer.close(recordMark)
      }
      writeText(writer, 3, stringOf(scoped, 'schemaUrl'))
      writer.close(scopedMark)
    }
    writeText(writer, 3, stringOf(source, 'schemaUrl'))
    writer.close(mark)
  }
  return writer.written()
}

function writeResource(writer: ProtobufWriter, parent: JsonObject): void {
  const resource = objectOf(parent, 'resource')
  if (resource === undefined) return
  const mark = writer.open(1)
  writeAttributes(writer, 1, resource)
  writeCount(writer, 2, countOf(resource, 'droppedAttributesCount'))
  writer.close(mark)
}

function writeScope(writer: ProtobufWriter, parent: JsonObject): void {
  const scope = objectOf(parent, 'scope')
  if (scope === undefined) return
  const mark = writer.open(1)
  writeText(writer, 1, stringOf(scope, 'name'))
  writeText(writer, 2, stringOf(scope, 'version'))
  writeAttributes(writer, 3, scope)
  writeCount(writer, 4, countOf(scope, 'droppedAttributesCount'))
  writer.close(mark)
}
