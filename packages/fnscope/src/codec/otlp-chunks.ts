// OTLP's TracesData in protobuf, a large trace in several messages: clients of gRPC take 4 MB at once where they are told
// nothing, and readers of such streams put a trace together again.
import type { OtlpTracesData } from './otlp-encode.ts'
import { otlpTracesProtobuf } from './otlp-traces-json.ts'

const SPANS_OF_CHUNK = 200

/** Each made when it is asked for. */
export function* encodeTracesChunks(data: OtlpTracesData): Iterable<Uint8Array> {
  for (const chunk of chunksOf(data)) yield otlpTracesProtobuf(Buffer.from(JSON.stringify(chunk)))
}

type ResourceSpans = OtlpTracesData['resourceSpans'][number]

function* chunksOf({ resourceSpans }: OtlpTracesData): Iterable<OtlpTracesData> {
  let chunk: ResourceSpans[] = []
  let room = SPANS_OF_CHUNK
  for (const { scopeSpans, ...resource } of resourceSpans)
    for (const { spans, ...scope } of scopeSpans)
      for (let at = 0; at < spans.length;) {
        const taken = spans.slice(at, at + room)
        chunk.push({ ...resource, scopeSpans: [{ ...scope, spans: taken }] })
        at += taken.length
        room -= taken.length
        if (room > 0) continue
        yield { resourceSpans: chunk }
        chunk = []
        room = SPANS_OF_CHUNK
      }
  if (chunk.length > 0) yield { resourceSpans: chunk }
}
