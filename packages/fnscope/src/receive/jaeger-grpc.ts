// Jaeger's collector over gRPC: spans in, and the sampling strategy out.
import { decodeJaegerPostSpans } from '../codec/jaeger-proto.ts'
import type { RowContext } from '../codec/span-row-writer.ts'
import { GrpcServer, type GrpcServerOptions } from '../http/grpc-server.ts'
import type { Intake } from './intake.ts'
import { encodeStrategy, type SamplingStrategy } from './jaeger-sampling.ts'
import { countUndecoded, takeMessage } from './take-message.ts'

export interface JaegerGrpcOptions extends Omit<
  GrpcServerOptions,
  'methods' | 'maxMessageBytes' | 'hint' | 'onRefused'
> {
  readonly intake: Intake
  /** Asked for once a request. */
  readonly rowContext: () => RowContext
  readonly strategy: SamplingStrategy
}

/** After inflating. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

const HINT = 'This port speaks the gRPC of a Jaeger collector. Its HTTP has a port of its own, by default 14268.'
const NOTHING = new Uint8Array(0)

export function createJaegerGrpc(options: JaegerGrpcOptions): GrpcServer {
  const { intake, rowContext, strategy } = options
  return new GrpcServer({
    ...options,
    methods: {
      '/jaeger.api_v2.CollectorService/PostSpans': async (message) => {
        await takeMessage(message, (body, { spans }) => decodeJaegerPostSpans(body, spans, rowContext()), intake)
        return NOTHING
      },
      '/jaeger.api_v2.SamplingManager/GetSamplingStrategy': async () => encodeStrategy(strategy),
    },
    maxMessageBytes: MAX_MESSAGE_BYTES,
    hint: HINT,
    onRefused: (error) => countUndecoded(error, intake),
  })
}
