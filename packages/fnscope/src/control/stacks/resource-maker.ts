// How a stack's resources come to be: a maker per type. Functions and what calls them have none: the platform takes them
// all at once (stack-host.ts).
import type { TemplateMap } from '../../deploy/template-value.ts'

/** A resource as it is wanted, or as it is. */
export interface WantedResource {
  readonly logicalId: string
  readonly physicalId: string
  readonly type: string
  readonly properties: TemplateMap
}

export interface StackPlace {
  readonly stackId: string
  readonly stackName: string
  readonly tags: Readonly<Record<string, string>>
}

export interface Made {
  /** When it is another than the one that was wanted. */
  readonly physicalId?: string
  /** For GetAtt, beyond what follows from the template. */
  readonly attributes?: Readonly<Record<string, string>>
  /** Shown beside COMPLETE. */
  readonly reason?: string
}

/** What each throws is the failure's ResourceStatusReason. */
export interface ResourceMaker {
  create(wanted: WantedResource, place: StackPlace): Made | Promise<Made>
  update(wanted: WantedResource, before: WantedResource, place: StackPlace): Made | Promise<Made>
  remove(resource: WantedResource, place: StackPlace): void | Promise<void>
}

export const NOT_EMULATED: ResourceMaker = {
  create: () => ({ reason: 'Not emulated by fnscope: accepted and listed, nothing runs behind it.' }),
  update: () => ({ reason: 'Not emulated by fnscope: accepted and listed, nothing runs behind it.' }),
  remove: () => {},
}

/** Emulated by what the platform got, or a thing of no consequence here. */
export const NOTHING_TO_DO: ResourceMaker = { create: () => ({}), update: () => ({}), remove: () => {} }
