// OpenTelemetry's numbers of what a span is to its caller (SpanKind in trace.proto); 0 is unspecified.

export const INTERNAL = 1
export const SERVER = 2
export const CLIENT = 3
export const PRODUCER = 4
export const CONSUMER = 5
