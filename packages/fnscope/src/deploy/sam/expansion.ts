// What SAM's transform makes of a template, while it is made: CloudFormation's resources, the ids that changed on the way,
// and conditions that were added. One file per kind of SAM resource adds to it (expand.ts).
import { isMap, mapAt, type TemplateMap, type TemplateValue } from '../template-value.ts'
import type { ApiRoute } from './api-document.ts'
import type { EventTarget, SamEvent } from './event-target.ts'
import { ref } from './parts.ts'

/** One SAM resource of the source, Globals merged. */
export interface SamResource {
  readonly id: string
  readonly source: TemplateMap
  readonly properties: TemplateMap
}

export class Expansion {
  readonly resources: Record<string, TemplateMap> = {}
  readonly conditions: Record<string, TemplateValue> = {}
  /** Source id, or `Id.Part` as templates may say it, → the id that stands for it. */
  readonly renamed = new Map<string, string>()
  /** API → the routes that events add to it. */
  readonly routes = new Map<string, ApiRoute[]>()
  /** Source resources of any make, Globals merged. */
  readonly sources: Readonly<Record<string, TemplateMap>>
  /** With Refs to parameters replaced by their values, as far as they go. */
  readonly known: (value: TemplateValue | undefined) => TemplateValue | undefined
  /** Template sections, for their Globals. */
  readonly template: TemplateMap
  readonly file: string

  constructor(options: {
    readonly sources: Readonly<Record<string, TemplateMap>>
    readonly known: (value: TemplateValue | undefined) => TemplateValue | undefined
    readonly template: TemplateMap
    readonly file: string
  }) {
    this.sources = options.sources
    this.known = options.known
    this.template = options.template
    this.file = options.file
  }

  add(id: string, made: TemplateMap): TemplateMap {
    this.resources[id] = made
    return ref(id)
  }

  addRoute(api: string, route: ApiRoute): void {
    this.routes.set(api, [...(this.routes.get(api) ?? []), route])
  }

  /** The source's StageName of an API; the implicit one's is Prod. */
  stageOf(api: string): TemplateValue | undefined {
    if (api === 'ServerlessRestApi') return 'Prod'
    return mapAt(this.sources[api]?.['Properties'], api)['StageName']
  }

  /** Changes a resource's properties, whether it was made already or stands in the source. */
  change(id: string, change: (properties: TemplateMap) => TemplateMap, attributes: TemplateMap = {}): void {
    const before = this.resources[id] ?? this.sources[id]
    if (before === undefined) return
    this.resources[id] = {
      ...before,
      ...attributes,
      Properties: change(mapAt(before['Properties'], `Resources.${id}.Properties`)),
    }
  }

  /** The source resource that `{Ref: id}` or a plain id names. */
  target(value: TemplateValue | undefined): string | undefined {
    const id = isMap(value) ? value['Ref'] : value
    return typeof id === 'string' && Object.hasOwn(this.sources, id) ? id : undefined
  }
}

/** Adds what an event needs. */
export type Expand = (event: SamEvent, target: EventTarget, into: Expansion) => void
