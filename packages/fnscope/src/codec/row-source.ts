// Who sent a span, as the row writer's columns have it: made once, used for every row of that sender.
import type { Attributes } from '../span/attribute-value.ts'
import { formatResource, formatScope } from '../span/span-json.ts'
import type { SpanScope } from '../span/span.ts'
import { resourceMeaning, type ResourceMeaning } from './semantic-resource.ts'

/** Who sent a span: its resource and scope, put into words once. */
export interface RowSource {
  readonly meaning: ResourceMeaning
  readonly resourceJson: string
  readonly scopeJson: string
  /** Stands for the filling of a batch for which the indexes hold. */
  batch: object
  resource: number
  scope: number
  service: number
  origin: number
  accountId: number
  arn: number
}

const NEVER = {}

/** @param resource by OpenTelemetry's names: service.name, cloud.account.id, … */
export function newRowSource(resource: Attributes, scope?: SpanScope): RowSource {
  return {
    meaning: resourceMeaning(new Map(Object.entries(resource))),
    resourceJson: formatResource(resource),
    scopeJson: formatScope(scope),
    batch: NEVER,
    resource: 0,
    scope: 0,
    service: 0,
    origin: 0,
    accountId: 0,
    arn: 0,
  }
}

/** The same sender with a scope. */
export function withScope(source: RowSource, scope: SpanScope): RowSource {
  return { ...source, scopeJson: formatScope(scope), batch: NEVER }
}
