// A message of a unary gRPC call handed to the intake: the way of every gRPC door that takes telemetry.
import { MalformedError, type Taken } from '../codec/taken.ts'
import { GrpcError } from '../http/grpc-status.ts'
import { RPC_CODE } from '../http/rpc-status.ts'
import { IngestFullError } from '../ingest/ingest.ts'
import type { Decoder, Intake } from './intake.ts'

/** @throws GrpcError INVALID_ARGUMENT, which is not sent again, and UNAVAILABLE, which is */
export async function takeMessage(message: Uint8Array, decode: Decoder, intake: Intake): Promise<Taken> {
  try {
    return await intake.take(message, decode)
  } catch (error) {
    if (error instanceof MalformedError) throw new GrpcError(RPC_CODE.invalidArgument, error.message, { cause: error })
    if (!(error instanceof IngestFullError)) throw error
    const { message, retryAfterSeconds } = error
    throw new GrpcError(RPC_CODE.unavailable, message, { cause: error, retryAfterSeconds })
  }
}

/** Counts what never reached the intake; the causes that it has seen, it has counted. */
export function countUndecoded({ code, message, cause }: GrpcError, intake: Intake): void {
  if (cause instanceof MalformedError || cause instanceof IngestFullError) return
  if (code === RPC_CODE.invalidArgument) intake.dropRequest('malformed', message)
  else if (code === RPC_CODE.resourceExhausted) intake.dropRequest('too_large', message)
  else if (code === RPC_CODE.unavailable) intake.dropRequest('queue_full', message)
  else if (code === RPC_CODE.deadlineExceeded) intake.dropRequest('timed_out', message)
}
