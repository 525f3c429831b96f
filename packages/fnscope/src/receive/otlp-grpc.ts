// OTLP over gRPC: the Export method of each signal, on the server for unary methods.
import { MalformedError } from '../codec/taken.ts'
import type { UnaryMethod } from '../http/grpc-call.ts'
import { GrpcServer, type GrpcServerOptions } from '../http/grpc-server.ts'
import { GrpcError } from '../http/grpc-status.ts'
import { RPC_CODE } from '../http/rpc-status.ts'
import { IngestFullError } from '../ingest/ingest.ts'
import { encodeOtlpAnswer } from './otlp-answer.ts'
import type { Intake } from './intake.ts'
import type { OtlpSignal } from './otlp-signal.ts'

export interface OtlpGrpcOptions extends Omit<GrpcServerOptions, 'methods' | 'maxMessageBytes' | 'hint' | 'onRefused'> {
  readonly signals: readonly OtlpSignal[]
  readonly intake: Intake
}

/** After inflating. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

const HINT = 'This port speaks OTLP over gRPC. OTLP over HTTP has a port of its own, by default 4318.'

export function createOtlpGrpc(options: OtlpGrpcOptions): GrpcServer {
  const { signals, intake } = options
  return new GrpcServer({
    ...options,
    methods: Object.fromEntries(signals.map((signal) => [signal.method, exportMethod(signal, intake)])),
    maxMessageBytes: MAX_MESSAGE_BYTES,
    hint: HINT,
    onRefused: (error) => countUndecoded(error, intake),
  })
}

function exportMethod({ decodeProtobuf }: OtlpSignal, intake: Intake): UnaryMethod {
  return async (message) => {
    try {
      return encodeOtlpAnswer(await intake.take(message, decodeProtobuf))
    } catch (error) {
      if (error instanceof MalformedError)
        throw new GrpcError(RPC_CODE.invalidArgument, error.message, { cause: error })
      if (!(error instanceof IngestFullError)) throw error
      const { message, retryAfterSeconds } = error
      throw new GrpcError(RPC_CODE.unavailable, message, { cause: error, retryAfterSeconds })
    }
  }
}

/** What never reached the intake; the causes that it has seen, it has counted. */
function countUndecoded({ code, message, cause }: GrpcError, intake: Intake): void {
  if (cause instanceof MalformedError || cause instanceof IngestFullError) return
  if (code === RPC_CODE.invalidArgument) intake.dropRequest('malformed', message)
  else if (code === RPC_CODE.resourceExhausted) intake.dropRequest('too_large', message)
  else if (code === RPC_CODE.unavailable) intake.dropRequest('queue_full', message)
  else if (code === RPC_CODE.deadlineExceeded) intake.dropRequest('timed_out', message)
}
