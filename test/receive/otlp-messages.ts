// OTLP's trace messages as protobufjs reads and writes them: a codec that shares nothing with fnscope's, to compare with.
import protobufjs from 'protobufjs'

const MESSAGES = `syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message Scope { string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4; }
message KeyValue { string key = 1; AnyValue value = 2; }
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
  ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
message Status { string message = 2; int32 code = 3; }
message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4; }
message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4;
  uint32 dropped_attributes_count = 5; fixed32 flags = 6; }
message Span { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
  int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
  uint32 dropped_attributes_count = 10; repeated Event events = 11; uint32 dropped_events_count = 12; repeated Link links = 13;
  uint32 dropped_links_count = 14; Status status = 15; fixed32 flags = 16; }`

/** ExportTraceServiceRequest. */
export const OTLP_REQUEST = protobufjs.parse(MESSAGES).root.lookupType('Request')

/** OTLP/JSON, with 64-bit numbers as texts, as protobuf. */
export function encodeOtlp(request: unknown): Uint8Array {
  // Their JSON has every bytes field as base64; OTLP's has ids in hex.
  const text = JSON.stringify(request, (key, value: unknown) =>
    /(?:trace|span)Id$/i.test(key) ? Buffer.from(String(value), 'hex').toString('base64') : value,
  )
  return OTLP_REQUEST.encode(OTLP_REQUEST.fromObject(JSON.parse(text) as { [key: string]: unknown })).finish()
}
