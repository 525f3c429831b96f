// What an X-Ray document says of a span of OpenTelemetry, Datadog, Jaeger or Zipkin, all of which stand here under
// OpenTelemetry's names: as the OpenTelemetry collector's X-Ray exporter says it, and more where that loses something
// (docs/protocols/otlp-mapping.md).
import { allAttributes } from '../span/all-attributes.ts'
import type { AttributeValue } from '../span/attribute-value.ts'
import type { Span } from '../span/span.ts'
import { TakenAttributes } from './taken-attributes.ts'
import { foreignAws, foreignSql } from './xray-foreign-aws.ts'
import { causeOf } from './xray-foreign-cause.ts'
import { foreignHttp } from './xray-foreign-http.ts'
import { foreignMetadata } from './xray-foreign-metadata.ts'
import { foreignName, foreignNamespace } from './xray-foreign-name.ts'
import type { DocumentParts } from './xray-parts.ts'

export function foreignParts(span: Span): DocumentParts {
  const attributes = new TakenAttributes(allAttributes(span))
  const name = foreignName(span, attributes)
  const sql = foreignSql(span, attributes)
  const http = foreignHttp(span, attributes)
  const aws = foreignAws(span, attributes)
  if (attributes.text('enduser.id') === span.user) attributes.take('enduser.id')
  return {
    name,
    namespace: foreignNamespace(span),
    origin: originOf(span, attributes),
    flags: { error: span.error, throttle: span.throttle, fault: span.fault },
    cause: span.cause ?? causeOf(span),
    http,
    aws,
    sql,
    service: versionOf(span.resource['service.version'] ?? span.resource['container.image.tag']),
    ...foreignMetadata(span, attributes, name),
  }
}

/** The platform's own segment is the function's; beside it the exporter gives a function's span no origin. */
function originOf({ origin }: Span, attributes: TakenAttributes): string | undefined {
  return origin === 'AWS::Lambda::Function' ? attributes.text('aws.xray.origin') : origin
}

function versionOf(version: AttributeValue | undefined): { version?: string } {
  return typeof version === 'string' && version !== '' ? { version } : {}
}
