// What Jaeger's QueryService is asked over gRPC and answers beside spans: requests read, names and dependencies written.
// api_v2 and api_v3 number their fields alike. https://github.com/jaegertracing/jaeger-idl/tree/main/proto
import { MalformedError } from './taken.ts'
import { ProtobufError, ProtobufReader, tagOf, WIRE } from './protobuf-reader.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

/** Bytes, and a text by `text`. Absent fields are empty, zero or undefined. */
interface WireFields {
  readonly bytes: ReadonlyMap<number, readonly Uint8Array[]>
  readonly numbers: ReadonlyMap<number, bigint>
}

/** TraceQueryParameters. Nanoseconds; a time before 1970 is none: Go's zero time is of the year 1. */
export interface JaegerTraceQuery {
  readonly service: string
  readonly operation: string
  readonly tags: Readonly<Record<string, string>>
  readonly startNanos: bigint | undefined
  readonly endNanos: bigint | undefined
  /** 0 is none. */
  readonly minDuration: bigint
  readonly maxDuration: bigint
  /** 0 is none. */
  readonly searchDepth: number
  /** Names of fields that only newer contracts have. */
  readonly unknown: readonly string[]
}

const KNOWN_FIELDS = 9
/** Of api_v3. */
const NEWER: Readonly<Record<number, string>> = { 10: 'filter', 11: 'pagination' }

/** FindTracesRequest; undefined without a query. @throws MalformedError */
export function decodeFindTraces(message: Uint8Array): JaegerTraceQuery | undefined {
  const [query] = bytesOf(read(message), 1)
  if (query === undefined) return undefined
  const fields = read(query)
  const tags = bytesOf(fields, 3).map((entry) => {
    const pair = read(entry)
    return [textOf(pair, 1), textOf(pair, 2)] as const
  })
  const asked = [...fields.bytes.keys(), ...fields.numbers.keys()]
  return {
    service: textOf(fields, 1),
    operation: textOf(fields, 2),
    tags: Object.fromEntries(tags),
    startNanos: timeOf(fields, 4),
    endNanos: timeOf(fields, 5),
    minDuration: nanosOf(fields, 6) ?? 0n,
    maxDuration: nanosOf(fields, 7) ?? 0n,
    searchDepth: Number(fields.numbers.get(8) ?? 0n),
    unknown: asked.filter((field) => field > KNOWN_FIELDS).map((field) => NEWER[field] ?? `field ${field}`),
  }
}

/** Hex digits of GetTraceRequest's id: 8 or 16 bytes in api_v2, a text in api_v3. @throws MalformedError */
export function decodeTraceId(message: Uint8Array, form: 'bytes' | 'text'): string {
  const fields = read(message)
  return form === 'text' ? textOf(fields, 1) : Buffer.from(bytesOf(fields, 1)[0] ?? []).toString('hex')
}

/** GetOperationsRequest. @throws MalformedError */
export function decodeOperationsOf(message: Uint8Array): { readonly service: string; readonly kind: string } {
  const fields = read(message)
  return { service: textOf(fields, 1), kind: textOf(fields, 2) }
}

/** GetDependenciesRequest. @throws MalformedError */
export function decodeTimes(message: Uint8Array): {
  readonly startNanos: bigint | undefined
  readonly endNanos: bigint | undefined
} {
  const fields = read(message)
  return { startNanos: timeOf(fields, 1), endNanos: timeOf(fields, 2) }
}

/** HealthCheckRequest of grpc.health.v1. @throws MalformedError */
export function decodeHealthOf(message: Uint8Array): string {
  return textOf(read(message), 1)
}

export interface JaegerOperation {
  readonly name: string
  readonly spanKind: string
}

export function encodeServices(services: readonly string[]): Uint8Array {
  const writer = new ProtobufWriter()
  for (const service of services) writer.string(1, service)
  return writer.written()
}

/** GetOperationsResponse: api_v2 has the names alone too, in front. */
export function encodeOperations(operations: readonly JaegerOperation[], version: 2 | 3): Uint8Array {
  const writer = new ProtobufWriter()
  if (version === 2) for (const name of new Set(operations.map((one) => one.name))) writer.string(1, name)
  for (const { name, spanKind } of operations) {
    const mark = writer.open(version === 2 ? 2 : 1)
    writer.string(1, name)
    writer.string(2, spanKind)
    writer.close(mark)
  }
  return writer.written()
}

export function encodeDependencies(
  dependencies: readonly { readonly parent: string; readonly child: string; readonly callCount: number }[],
): Uint8Array {
  const writer = new ProtobufWriter()
  for (const { parent, child, callCount } of dependencies) {
    const mark = writer.open(1)
    writer.string(1, parent)
    writer.string(2, child)
    writer.varint(3, callCount)
    writer.close(mark)
  }
  return writer.written()
}

function read(message: Uint8Array): WireFields {
  const bytes = new Map<number, Uint8Array[]>()
  const numbers = new Map<number, bigint>()
  const reader = new ProtobufReader()
  reader.open(message)
  try {
    while (reader.at < message.length) {
      const tag = reader.tag()
      const field = tag >>> 3
      if (tag === tagOf(field, WIRE.varint)) {
        const low = reader.varint()
        numbers.set(field, BigInt.asIntN(64, (BigInt(reader.high) << 32n) | BigInt(low >>> 0)))
      } else if (tag === tagOf(field, WIRE.bytes)) {
        const end = reader.length(message.length)
        const known = bytes.get(field)
        const value = message.subarray(reader.at, end)
        if (known === undefined) bytes.set(field, [value])
        else known.push(value)
        reader.at = end
      } else reader.skip(tag, message.length)
    }
  } catch (error) {
    if (error instanceof ProtobufError)
      throw new MalformedError(`The request is none of Jaeger's QueryService: ${error.message}.`)
    throw error
  }
  return { bytes, numbers }
}

function bytesOf({ bytes }: WireFields, field: number): readonly Uint8Array[] {
  return bytes.get(field) ?? []
}

function textOf(fields: WireFields, field: number): string {
  return Buffer.from(bytesOf(fields, field).at(-1) ?? []).toString('utf8')
}

function nanosOf(fields: WireFields, field: number): bigint | undefined {
  const message = bytesOf(fields, field).at(-1)
  if (message === undefined) return undefined
  const { numbers } = read(message)
  return (numbers.get(1) ?? 0n) * 1_000_000_000n + (numbers.get(2) ?? 0n)
}

function timeOf(fields: WireFields, field: number): bigint | undefined {
  const nanos = nanosOf(fields, field)
  return nanos === undefined || nanos < 0n ? undefined : nanos
}
