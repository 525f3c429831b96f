// How a gRPC call ends: the error that a method throws, and the trailers that carry it.
import type { OutgoingHttpHeaders } from 'node:http2'

import { encodeRpcStatus, RPC_CODE, type RpcCode } from './rpc-status.ts'

/** Thrown by a method to end its call with a code of its own; anything else that it throws is INTERNAL and not told. */
export class GrpcError extends Error {
  readonly code: RpcCode
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: RpcCode,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterSeconds?: number } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'GrpcError'
    this.code = code
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** Longer ones may not fit what a client takes for headers. */
const MAX_MESSAGE_CHARACTERS = 1000

export function statusTrailers({ code, message, retryAfterSeconds }: GrpcError): OutgoingHttpHeaders {
  const text = message.slice(0, MAX_MESSAGE_CHARACTERS)
  const trailers: OutgoingHttpHeaders = { 'grpc-status': String(code), 'grpc-message': encodeGrpcMessage(text) }
  if (code === RPC_CODE.unavailable && retryAfterSeconds !== undefined) {
    const details = encodeRpcStatus({ code, message: text, retryAfterSeconds })
    // Binary headers are base64 without padding.
    trailers['grpc-status-details-bin'] = details.toString('base64').replace(/=+$/, '')
  }
  return trailers
}

/** Percent-encoding of everything but printable ASCII, and of the percent sign. */
export function encodeGrpcMessage(text: string): string {
  return Buffer.from(text.toWellFormed())
    .toString('latin1')
    .replace(/[^ -$&-~]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

const UNITS_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }

/** grpc-timeout: up to eight digits and a unit. Undefined when there is none that can be read. */
export function parseGrpcTimeoutMs(header: string | undefined): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(header ?? '')
  return match ? Number(match[1]) * UNITS_MS[match[2]!]! : undefined
}
