// GET /api/function-figures and /api/functions/{name}/cold-starts: how functions did in a range, and what their cold
// starts were made of. A function's configuration, its versions and a call of it are the Lambda API's (lambda.ts).
import type { FastifyInstance } from 'fastify'
import type { FunctionSpec } from '../functions/function-spec.ts'
import type { Platform } from '../functions/platform.ts'
import { versionsOf } from '../query/cold-start-versions.ts'
import { readColdStarts } from '../query/cold-starts.ts'
import type { FunctionFigures, Reader } from '../query/reader.ts'
import { formatXrayTraceId } from '../span/id.ts'
import { nanosToMillis } from '../span/time.ts'
import { numberIn, queryOf, rangeIn } from './console-query.ts'
import type { ConsoleColdStarts, ConsoleFunctionFigures } from './console-types.ts'

export interface ConsoleFunctionsOptions {
  readonly reader: Reader
  readonly platform: Pick<Platform, 'functions' | 'find'>
  /** Epoch nanoseconds. */
  readonly now: () => bigint
}

export function mountConsoleFunctions(
  server: FastifyInstance,
  { reader, platform, now }: ConsoleFunctionsOptions,
): void {
  server.get('/api/function-figures', async (request) => {
    const figures = await reader.functionFigures(rangeIn(queryOf(request), now()))
    return { functions: joined(platform.functions(), figures) }
  })
  server.get('/api/functions/:name/cold-starts', async (request): Promise<ConsoleColdStarts> => {
    const query = queryOf(request)
    const { name } = request.params as { readonly name: string }
    const known = platform.find(name)?.name ?? name
    const limit = numberIn(query, 'limit', 100, [1, 500])
    const { coldStarts, more } = await readColdStarts(reader, { name: known, range: rangeIn(query, now()), limit })
    return {
      function: known,
      more,
      versions: versionsOf(coldStarts),
      coldStarts: coldStarts.map(({ traceId, startNanos, ...rest }) => ({
        traceId: formatXrayTraceId(traceId),
        startMs: nanosToMillis(startNanos),
        ...rest,
      })),
    }
  })
}

/** Every function that is deployed, called or not, and those whose metrics alone are here. */
function joined(specs: readonly FunctionSpec[], figures: readonly FunctionFigures[]): ConsoleFunctionFigures[] {
  const byName = new Map(figures.map((one) => [one.service, one]))
  const deployed = specs.map((spec) => ({ ...deployment(spec), ...figuresOf(spec.name, byName.get(spec.name)) }))
  const names = new Set(specs.map(({ name }) => name))
  const others = figures.filter(({ service }) => !names.has(service))
  return [...deployed, ...others.map((one) => ({ deployed: false, ...figuresOf(one.service, one) }))]
}

function deployment({ logicalId, stack, runtime, memoryMb, timeoutSeconds, tracing }: FunctionSpec) {
  return { deployed: true, logicalId, stack, runtime, memoryMb, timeoutSeconds, tracing }
}

function figuresOf(name: string, figures: FunctionFigures | undefined) {
  if (figures === undefined) return { name, invocations: 0, errors: 0, throttles: 0, coldStarts: 0 }
  const { invocations, errors, throttles, coldStarts, lastNanos } = figures
  return {
    name,
    invocations,
    errors,
    throttles,
    coldStarts,
    ...measured('averageMs', figures.averageMs),
    ...measured('p50Ms', figures.p50Ms),
    ...measured('p95Ms', figures.p95Ms),
    ...measured('p99Ms', figures.p99Ms),
    ...measured('initP50Ms', figures.initP50Ms),
    ...(figures.maxMemoryMb > 0 ? { maxMemoryMb: figures.maxMemoryMb } : {}),
    ...(lastNanos === 0n ? {} : { lastMs: nanosToMillis(lastNanos) }),
  }
}

/** A figure of no samples is left out. */
function measured<Key extends string>(key: Key, value: number): { readonly [K in Key]?: number } {
  if (!Number.isFinite(value)) return {}
  return { [key]: Math.round(value * 1000) / 1000 } as { readonly [K in Key]?: number }
}
