// X-Ray's API (rest-json, xray 2016-04-12): its 38 operations and the answer to each failure. Mounted on the main port
// and on the daemon's TCP 2000. Signatures are not asked for.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import {
  getEncryptionConfig,
  getIndexingRules,
  getTraceSegmentDestination,
  putEncryptionConfig,
  updateIndexingRule,
  updateTraceSegmentDestination,
} from './xray-account.ts'
import { XrayError } from './xray-error.ts'
import { getServiceGraph, getTraceGraph, type GraphOptions } from './xray-graph.ts'
import { putTelemetryRecords, putTraceSegments, type PutOptions } from './xray-put.ts'
import { getInsight, getInsightEvents, getInsightImpactGraph, getInsightSummaries } from './xray-insights.ts'
import { deleteResourcePolicy, listResourcePolicies, putResourcePolicy } from './xray-policies.ts'
import { parseBody, type XrayBody } from './xray-request.ts'
import {
  cancelTraceRetrieval,
  getRetrievedTracesGraph,
  listRetrievedTraces,
  startTraceRetrieval,
  type RetrievalOptions,
} from './xray-retrieval.ts'
import { groupFilterOf } from './xray-group-list.ts'
import { createGroup, deleteGroup, getGroup, getGroups, updateGroup } from './xray-groups.ts'
import { getSamplingStatisticSummaries, getSamplingTargets } from './xray-sampling.ts'
import {
  createSamplingRule,
  deleteSamplingRule,
  getSamplingRules,
  updateSamplingRule,
  type SamplingRulesApiOptions,
} from './xray-sampling-rules.ts'
import { getTimeSeriesServiceStatistics } from './xray-series.ts'
import { listTagsForResource, tagResource, untagResource } from './xray-tags.ts'
import { batchGetTraces, getTraceSummaries } from './xray-traces.ts'

export interface XrayApiOptions extends GraphOptions, PutOptions, SamplingRulesApiOptions, RetrievalOptions {
  readonly log: Logger
}

/** A Buffer is the JSON itself. `setHeader`: what an answer says beside its body, whose shape is AWS's. */
type Operation = (
  body: XrayBody,
  options: XrayApiOptions,
  setHeader: (name: string, value: string) => void,
) => object | Promise<object>

/** Path → operation. */
const OPERATIONS: { readonly [path: string]: Operation } = {
  '/TraceSegments': putTraceSegments,
  '/TelemetryRecords': putTelemetryRecords,
  '/TraceSummaries': getTraceSummaries,
  '/Traces': batchGetTraces,
  '/TraceGraph': getTraceGraph,
  '/ServiceGraph': getServiceGraph,
  '/TimeSeriesServiceStatistics': getTimeSeriesServiceStatistics,
  '/EncryptionConfig': getEncryptionConfig,
  '/PutEncryptionConfig': putEncryptionConfig,
  '/GetIndexingRules': getIndexingRules,
  '/UpdateIndexingRule': updateIndexingRule,
  '/GetTraceSegmentDestination': getTraceSegmentDestination,
  '/UpdateTraceSegmentDestination': updateTraceSegmentDestination,
  '/PutResourcePolicy': putResourcePolicy,
  '/ListResourcePolicies': listResourcePolicies,
  '/DeleteResourcePolicy': deleteResourcePolicy,
  '/StartTraceRetrieval': startTraceRetrieval,
  '/CancelTraceRetrieval': cancelTraceRetrieval,
  '/ListRetrievedTraces': listRetrievedTraces,
  '/GetRetrievedTracesGraph': getRetrievedTracesGraph,
  '/InsightSummaries': getInsightSummaries,
  '/Insight': getInsight,
  '/InsightEvents': getInsightEvents,
  '/InsightImpactGraph': getInsightImpactGraph,
  '/CreateGroup': createGroup,
  '/UpdateGroup': updateGroup,
  '/DeleteGroup': deleteGroup,
  '/GetGroup': getGroup,
  '/Groups': getGroups,
  '/TagResource': tagResource,
  '/UntagResource': untagResource,
  '/ListTagsForResource': listTagsForResource,
  '/GetSamplingRules': getSamplingRules,
  '/CreateSamplingRule': createSamplingRule,
  '/UpdateSamplingRule': updateSamplingRule,
  '/DeleteSamplingRule': deleteSamplingRule,
  '/SamplingTargets': getSamplingTargets,
  '/SamplingStatisticSummaries': getSamplingStatisticSummaries,
}

/** Adds the routes. The server must hand bodies over as raw bytes, whatever their content type (http/). */
export function mountXray(server: FastifyInstance, given: XrayApiOptions): void {
  const options = { groupFilter: groupFilterOf(given), ...given }
  for (const [path, operation] of Object.entries(OPERATIONS)) {
    server.post(path, (request, reply) => answer(request, reply, operation, options))
  }
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  operation: Operation,
  options: XrayApiOptions,
): Promise<FastifyReply> {
  reply.header('x-amzn-RequestId', globalThis.crypto.randomUUID()).type('application/json')
  try {
    const setHeader = (name: string, value: string): void => void reply.header(name, value)
    const answered = await operation(parseBody(request.body), options, setHeader)
    return reply.send(Buffer.isBuffer(answered) ? answered : JSON.stringify(answered))
  } catch (error) {
    const failure = error instanceof XrayError ? error : unexpected(error, request, options.log)
    reply.code(failure.status).header('x-amzn-errortype', failure.code)
    if (failure.retryAfterSeconds !== undefined) reply.header('retry-after', String(failure.retryAfterSeconds))
    return reply.send(JSON.stringify({ Message: failure.message }))
  }
}

/** A store that will answer again is 503, which clients retry; the rest is our bug. */
function unexpected(error: unknown, request: FastifyRequest, log: Logger): XrayError {
  const retryable = error instanceof Error && 'retryable' in error && error.retryable === true
  if (retryable) {
    log.warn({ err: error, path: request.url }, 'X-Ray request failed; the store does not answer')
    const message = `The store does not answer: ${messageOf(error)}`
    return new XrayError('ServiceUnavailableException', message, { retryAfterSeconds: 1, cause: error })
  }
  log.error({ err: error, path: request.url }, 'X-Ray request failed')
  return new XrayError('InternalFailure', 'fnscope failed on this request; its log says why.', { cause: error })
}
