// OTLP over gRPC: the Export method of each signal, on the server for unary methods.
import type { GrpcMethod } from '../http/grpc-call.ts'
import { GrpcServer, type GrpcServerOptions } from '../http/grpc-server.ts'
import { encodeOtlpAnswer } from './otlp-answer.ts'
import type { Intake } from './intake.ts'
import type { OtlpSignal } from './otlp-signal.ts'
import { countUndecoded, takeMessage } from './take-message.ts'

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

function exportMethod({ decodeProtobuf }: OtlpSignal, intake: Intake): GrpcMethod {
  return async (message) => encodeOtlpAnswer(await takeMessage(message, decodeProtobuf, intake))
}
