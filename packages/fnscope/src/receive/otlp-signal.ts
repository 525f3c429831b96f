// One signal of OTLP as both doors see it: a route of HTTP, a method of gRPC, and who decodes its two encodings.
import type { Decoder } from './intake.ts'

/** One signal of OTLP: where it arrives and who reads it. */
export interface OtlpSignal {
  readonly signal: 'span' | 'log' | 'metric'
  /** Of the HTTP door. */
  readonly path: string
  /** `/package.Service/Method` of the gRPC door. */
  readonly method: string
  /** How the answer's JSON calls the number of what was refused. */
  readonly rejectedName: 'rejectedSpans' | 'rejectedLogRecords' | 'rejectedDataPoints'
  readonly decodeProtobuf: Decoder
  readonly decodeJson: Decoder
}
