// google.rpc.Status, how gRPC and OTLP/HTTP spell an error: the codes, and the message in protobuf.

export const RPC_CODE = {
  ok: 0,
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const

export type RpcCode = (typeof RPC_CODE)[keyof typeof RPC_CODE]

export interface RpcStatus {
  readonly code: RpcCode
  readonly message: string
  /** Adds google.rpc.RetryInfo to the details: the sign by which OTLP clients know that they should come again. */
  readonly retryAfterSeconds?: number | undefined
}

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'

/** Status {1 code, 2 message, 3 details: Any {1 type_url, 2 RetryInfo {1 Duration {1 seconds}}}}. */
export function encodeRpcStatus({ code, message, retryAfterSeconds }: RpcStatus): Buffer {
  const parts = [numberField(1, code), bytesField(2, Buffer.from(message))]
  if (retryAfterSeconds !== undefined) {
    const retryInfo = bytesField(1, numberField(1, Math.max(1, Math.ceil(retryAfterSeconds))))
    parts.push(bytesField(3, Buffer.concat([bytesField(1, Buffer.from(RETRY_INFO)), bytesField(2, retryInfo)])))
  }
  return Buffer.concat(parts)
}

/** A varint field; absent when 0, as proto3 has it. `value` below 2^53. */
export function numberField(field: number, value: number): Buffer {
  return value === 0 ? Buffer.alloc(0) : Buffer.from([...varint(field << 3), ...varint(value)])
}

/** A field of bytes, text or a message; absent when empty. */
export function bytesField(field: number, value: Buffer): Buffer {
  if (value.length === 0) return value
  return Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(value.length)]), value])
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  return [...bytes, rest]
}
