// How much Jaeger's clients are to sample, as its collector and its agent tell them: on 14268, on 5778 and over gRPC. One
// strategy for every service: all, or what X-Ray's rules come to (one trace a second and a share of the rest).
import type { FastifyInstance, FastifyRequest } from 'fastify'

import { ProtobufWriter } from '../codec/protobuf-writer.ts'
import { RequestError } from '../http/request-error.ts'

export interface SamplingStrategy {
  /** Of the traces beyond `perSecond`; 0 to 1. */
  readonly rate: number
  readonly perSecond: number
}

export const SAMPLE_ALL: SamplingStrategy = { rate: 1, perSecond: 0 }
export const SAMPLE_AS_CLOUD: SamplingStrategy = { rate: 0.05, perSecond: 1 }

interface StrategyJson {
  readonly strategyType: 'PROBABILISTIC' | 0
  readonly probabilisticSampling: { readonly samplingRate: number }
  readonly operationSampling?: {
    readonly defaultSamplingProbability: number
    readonly defaultLowerBoundTracesPerSecond: number
    readonly perOperationStrategies: readonly never[]
  }
}

function strategyJson({ rate, perSecond }: SamplingStrategy): StrategyJson {
  return {
    strategyType: 'PROBABILISTIC',
    probabilisticSampling: { samplingRate: rate },
    // Only an operation has a lower bound; without any of its own each has the default.
    ...(perSecond > 0 && {
      operationSampling: {
        defaultSamplingProbability: rate,
        defaultLowerBoundTracesPerSecond: perSecond,
        perOperationStrategies: [],
      },
    }),
  }
}

/** SamplingStrategyResponse of jaeger.api_v2. */
export function encodeStrategy({ rate, perSecond }: SamplingStrategy): Uint8Array {
  const writer = new ProtobufWriter()
  const probabilistic = writer.open(2)
  writer.double(1, rate)
  writer.close(probabilistic)
  if (perSecond > 0) {
    const operations = writer.open(4)
    writer.double(1, rate)
    writer.double(2, perSecond)
    writer.close(operations)
  }
  return writer.written()
}

/** Mounts the collector's path. */
export function mountCollectorSampling(server: FastifyInstance, strategy: SamplingStrategy): void {
  server.get('/api/sampling', async (request) => {
    requireService(request)
    return strategyJson(strategy)
  })
}

/** Mounts the agent's paths: `/` is how the first clients asked, and has a number where later ones read a name. */
export function mountAgentSampling(server: FastifyInstance, strategy: SamplingStrategy): void {
  server.get('/sampling', async (request) => {
    requireService(request)
    return strategyJson(strategy)
  })
  server.get('/', async (request) => {
    requireService(request)
    return { ...strategyJson(strategy), strategyType: 0 } satisfies StrategyJson
  })
  server.get('/baggageRestrictions', async (request) => {
    requireService(request)
    return []
  })
}

function requireService(request: FastifyRequest): void {
  const { service } = request.query as { readonly service?: unknown }
  if (typeof service !== 'string' || service === '')
    throw new RequestError(400, 'The parameter "service" must be there once: the name of the service that asks.')
}
