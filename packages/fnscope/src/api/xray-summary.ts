// A TraceSummary in X-Ray's spelling. Keys of what is unknown are absent, as on the cloud.
import { formatXrayTraceId } from '../span/id.ts'
import type { SpanHttp } from '../span/span.ts'
import { nanosToSeconds } from '../span/time.ts'
import type { NodeKey } from '../query/reader.ts'
import type { RootCause } from '../query/root-cause.ts'
import type { TraceSummary } from '../query/trace-summary.ts'

export function summaryShape(summary: TraceSummary): object {
  return {
    Id: formatXrayTraceId(summary.traceId),
    StartTime: nanosToSeconds(summary.startNanos),
    Duration: nanosToSeconds(summary.durationNanos),
    ...(summary.responseNanos === undefined ? {} : { ResponseTime: nanosToSeconds(summary.responseNanos) }),
    HasFault: summary.hasFault,
    HasError: summary.hasError,
    HasThrottle: summary.hasThrottle,
    IsPartial: summary.partial,
    Http: httpShape(summary.root?.http),
    Annotations: Object.fromEntries(
      [...summary.annotations].map(([key, values]) => [
        key,
        values.map(({ value, nodes }) => ({
          AnnotationValue: valueShape(value),
          ServiceIds: nodes.map(serviceIdShape),
        })),
      ]),
    ),
    Users: summary.users.map(({ name, nodes }) => ({ UserName: name, ServiceIds: nodes.map(serviceIdShape) })),
    ServiceIds: summary.nodes.map(serviceIdShape),
    ResourceARNs: summary.resourceArns.map((arn) => ({ ARN: arn })),
    InstanceIds: summary.instanceIds.map((id) => ({ Id: id })),
    AvailabilityZones: summary.availabilityZones.map((name) => ({ Name: name })),
    ...(summary.entryPoint ? { EntryPoint: serviceIdShape(summary.entryPoint) } : {}),
    FaultRootCauses: summary.faultRootCauses.map(rootCauseShape),
    ErrorRootCauses: summary.errorRootCauses.map(rootCauseShape),
    ResponseTimeRootCauses: summary.responseTimeRootCauses.map(rootCauseShape),
    Revision: summary.revision,
    ...(summary.matchedNanos === undefined ? {} : { MatchedEventTime: nanosToSeconds(summary.matchedNanos) }),
  }
}

/** Name, Names, and what is known of AccountId and Type: the same in summaries and graphs. */
export function serviceIdShape(node: NodeKey): object {
  return {
    Name: node.name,
    Names: [node.name],
    ...(node.accountId === '' ? {} : { AccountId: node.accountId }),
    ...(node.type === '' ? {} : { Type: node.type }),
  }
}

function httpShape(http: SpanHttp | undefined): object {
  return {
    ...(http?.url === undefined ? {} : { HttpURL: http.url }),
    ...(http?.status === undefined ? {} : { HttpStatus: http.status }),
    ...(http?.method === undefined ? {} : { HttpMethod: http.method }),
    ...(http?.userAgent === undefined ? {} : { UserAgent: http.userAgent }),
    ...(http?.clientIp === undefined ? {} : { ClientIp: http.clientIp }),
  }
}

function valueShape(value: string | number | boolean): object {
  if (typeof value === 'string') return { StringValue: value }
  return typeof value === 'number' ? { NumberValue: value } : { BooleanValue: value }
}

function rootCauseShape(cause: RootCause): object {
  return {
    ClientImpacting: cause.clientImpacting,
    Services: cause.services.map((service) => ({
      ...serviceIdShape(service.node),
      Inferred: service.inferred,
      EntityPath: service.entityPath.map((entity) => ({
        Name: entity.name,
        Remote: entity.remote,
        ...(entity.coverage === undefined ? {} : { Coverage: entity.coverage }),
        ...(entity.exceptions === undefined
          ? {}
          : { Exceptions: entity.exceptions.map(({ name, message }) => ({ Name: name, Message: message })) }),
      })),
    })),
  }
}
