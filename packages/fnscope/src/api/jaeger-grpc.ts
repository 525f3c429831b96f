// Jaeger's QueryService over gRPC, api_v2 and api_v3: the questions of jaeger-query.ts and jaeger-v3.ts in protobuf.
// Contract: jaegertracing/jaeger-idl, proto/api_v2/query.proto and proto/api_v3/query_service.proto.
import { SPAN_KINDS } from '../codec/jaeger-json.ts'
import {
  decodeFindTraces,
  decodeHealthOf,
  decodeOperationsOf,
  decodeTimes,
  decodeTraceId,
  encodeDependencies,
  encodeOperations,
  encodeServices,
  type JaegerOperation,
} from '../codec/jaeger-query-proto.ts'
import { encodeSpanChunks } from '../codec/jaeger-span-proto.ts'
import { encodeTracesChunks } from '../codec/otlp-chunks.ts'
import { encodeOtlpTrace } from '../codec/otlp-encode.ts'
import { MalformedError } from '../codec/taken.ts'
import { describeError } from '../http/error-format.ts'
import type { GrpcMethod } from '../http/grpc-call.ts'
import { GrpcError } from '../http/grpc-status.ts'
import { numberField, RPC_CODE, type RpcCode } from '../http/rpc-status.ts'
import { readJoinedTrace } from '../query/joined-trace.ts'
import { readDependencies } from '../query/service-dependencies.ts'
import { groupByTrace } from '../query/trace-index.ts'
import type { Span } from '../span/span.ts'
import { NANOS_PER_DAY } from '../span/time.ts'
import type { JaegerQueryOptions } from './jaeger-query.ts'
import { traceIdOf, type JaegerQuery } from './jaeger-request.ts'
import { readSearch } from './jaeger-search.ts'

export interface JaegerGrpcOptions extends JaegerQueryOptions {
  /** As Store.watchGaps: what is answered without a part of the store is refused here, where no header says so. */
  readonly watchGaps: () => () => readonly string[]
}

const V2 = 'jaeger.api_v2.QueryService'
const V3 = 'jaeger.api_v3.QueryService'
const HEALTH = 'grpc.health.v1.Health'
const SERVING = 1

/** `/package.Service/Method` → what it does. */
export function jaegerGrpcMethods(options: JaegerGrpcOptions): Readonly<Record<string, GrpcMethod>> {
  const { reader } = options
  const services: GrpcMethod = async () => encodeServices(await reader.services(kept(options)))
  const dependencies: GrpcMethod = async (message) => {
    const { startNanos, endNanos = options.now() } = decodeTimes(message)
    const range = { startNanos: startNanos ?? endNanos - NANOS_PER_DAY, endNanos }
    return encodeDependencies(await readDependencies(reader, range))
  }
  const methods: Readonly<Record<string, GrpcMethod>> = {
    [`/${V2}/GetServices`]: services,
    [`/${V2}/GetOperations`]: async (message) => encodeOperations(await operations(options, message), 2),
    [`/${V2}/GetDependencies`]: dependencies,
    [`/${V2}/GetTrace`]: async (message) => encodeSpanChunks(await traceOf(options, decodeTraceId(message, 'bytes'))),
    [`/${V2}/FindTraces`]: async (message) => chained(await found(options, message, 2), encodeSpanChunks),
    [`/${V2}/ArchiveTrace`]: async () => {
      throw new GrpcError(
        RPC_CODE.unimplemented,
        'fnscope has no archive: a trace is kept as long as --retention says.',
      )
    },
    [`/${V3}/GetServices`]: services,
    [`/${V3}/GetOperations`]: async (message) => encodeOperations(await operations(options, message), 3),
    [`/${V3}/GetDependencies`]: dependencies,
    [`/${V3}/GetTrace`]: async (message) =>
      encodeTracesChunks(encodeOtlpTrace(await traceOf(options, decodeTraceId(message, 'text')))),
    [`/${V3}/FindTraces`]: async (message) =>
      chained(await found(options, message, 3), (spans) => encodeTracesChunks(encodeOtlpTrace(spans))),
    [`/${HEALTH}/Check`]: async (message) => {
      const service = decodeHealthOf(message)
      if (['', V2, V3].includes(service)) return numberField(1, SERVING)
      throw new GrpcError(RPC_CODE.notFound, `There is no service ${service} here.`)
    },
  }
  return Object.fromEntries(Object.entries(methods).map(([path, method]) => [path, refusing(method, options)]))
}

/** Errors under gRPC's codes. */
function refusing(method: GrpcMethod, { watchGaps }: JaegerGrpcOptions): GrpcMethod {
  return async (message) => {
    const gaps = watchGaps()
    try {
      const answer = await method(message)
      const missing = gaps()
      if (missing.length === 0) return answer
      throw new GrpcError(RPC_CODE.unavailable, `A part of the store does not answer: ${missing.join('; ')}.`)
    } catch (error) {
      if (error instanceof MalformedError) throw new GrpcError(RPC_CODE.invalidArgument, error.message)
      if (error instanceof GrpcError) throw error
      const { status, message: said } = describeError(error)
      const code = CODES[status]
      throw code === undefined ? error : new GrpcError(code, said, { cause: error })
    }
  }
}

const CODES: Readonly<Record<number, RpcCode>> = {
  400: RPC_CODE.invalidArgument,
  404: RPC_CODE.notFound,
  503: RPC_CODE.unavailable,
}

function kept({ bounds }: JaegerQueryOptions): { readonly startNanos: bigint; readonly endNanos: bigint } {
  const { minNanos, maxNanos } = bounds()
  return { startNanos: minNanos, endNanos: maxNanos }
}

async function operations(options: JaegerQueryOptions, message: Uint8Array): Promise<JaegerOperation[]> {
  const { service, kind } = decodeOperationsOf(message)
  if (service === '') throw new GrpcError(RPC_CODE.invalidArgument, 'service is required')
  const found = await options.reader.operations(kept(options), service)
  const shown = found.map(({ name, kind: number }) => ({ name, spanKind: SPAN_KINDS[number] ?? '' }))
  return shown.filter(({ spanKind }) => kind === '' || spanKind === kind)
}

/** @throws GrpcError NOT_FOUND */
async function traceOf({ reader }: JaegerQueryOptions, id: string): Promise<readonly Span[]> {
  const spans = await readJoinedTrace(reader, traceIdOf(id))
  if (spans.length === 0) throw new GrpcError(RPC_CODE.notFound, 'trace not found')
  return spans
}

/** The newest first. */
async function found(
  options: JaegerQueryOptions,
  message: Uint8Array,
  version: 2 | 3,
): Promise<readonly (readonly Span[])[]> {
  const rows = await options.reader.listTraces(await readSearch(searchOf(message, version), options))
  const traces = groupByTrace(await options.reader.readListed(rows))
  return rows.flatMap(({ traceId }) => {
    const spans = traces.get(traceId)
    return spans === undefined ? [] : [spans]
  })
}

/** As jaeger-search.ts reads it. @throws GrpcError INVALID_ARGUMENT, UNIMPLEMENTED */
function searchOf(message: Uint8Array, version: 2 | 3): JaegerQuery {
  const query = decodeFindTraces(message)
  if (query === undefined) throw new GrpcError(RPC_CODE.invalidArgument, 'missing query')
  const { service, operation, tags, startNanos, endNanos, minDuration, maxDuration, searchDepth, unknown } = query
  if (unknown.length > 0)
    throw new GrpcError(RPC_CODE.unimplemented, `fnscope does not search by ${unknown.join(', ')}: ask by the others.`)
  if (version === 3 && (startNanos === undefined || endNanos === undefined))
    throw new GrpcError(RPC_CODE.invalidArgument, 'start_time_min and start_time_max are required parameters')
  return {
    service,
    operation,
    tags: JSON.stringify(tags),
    ...(startNanos === undefined ? {} : { start: (startNanos / 1000n).toString() }),
    ...(endNanos === undefined ? {} : { end: (endNanos / 1000n).toString() }),
    ...(minDuration === 0n ? {} : { minDuration: `${minDuration}ns` }),
    ...(maxDuration === 0n ? {} : { maxDuration: `${maxDuration}ns` }),
    ...(searchDepth === 0 ? {} : { limit: String(searchDepth) }),
  }
}

function* chained<One>(all: Iterable<One>, encode: (one: One) => Iterable<Uint8Array>): Iterable<Uint8Array> {
  for (const one of all) yield* encode(one)
}
