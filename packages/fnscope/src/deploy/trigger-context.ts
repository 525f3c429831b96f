// What every reader of triggers needs: resources of a type, events of SAM functions, and which function an ARN means.
import type { FunctionSpec } from '../functions/function-spec.ts'
import { Properties, type AppContext } from './app-context.ts'
import { textOf } from './intrinsics.ts'
import { invalid, isMap, mapAt, type TemplateValue, typeOf } from './template-value.ts'
import { ValueReader } from './value-reader.ts'

/** One entry of a SAM function's Events. */
export interface SamEvent {
  readonly id: string
  /** Logical id of what the transform makes of it: function and event. */
  readonly logicalId: string
  readonly type: string
  readonly spec: FunctionSpec
  readonly properties: ValueReader
  /** For sentences: `Resources.Fn.Properties.Events.Id.Properties`. */
  readonly place: string
}

export interface TriggerContext {
  readonly app: AppContext
  readonly functions: readonly FunctionSpec[]
  readonly events: readonly SamEvent[]
}

export function openTriggerContext(app: AppContext, functions: readonly FunctionSpec[]): TriggerContext {
  return { app, functions, events: functions.flatMap((spec) => eventsOf(app, spec)) }
}

function eventsOf(app: AppContext, spec: FunctionSpec): SamEvent[] {
  const properties = new Properties(app, spec.logicalId)
  const eventsPlace = `${properties.place}.Events`
  return Object.entries(mapAt(properties.raw['Events'], eventsPlace)).map(([id, event]) => {
    const at = `${eventsPlace}.${id}`
    if (!isMap(event)) throw invalid(`${app.file}: ${at} must be a map with a Type.`)
    const place = `${at}.Properties`
    return {
      id,
      logicalId: `${spec.logicalId}${id}`,
      type: typeOf(event),
      spec,
      properties: new ValueReader(app, mapAt(event['Properties'], `${app.file}: ${place}`), place),
      place,
    }
  })
}

/** Logical ids and properties of the resources of one type that the template has itself. */
export function resourcesOf({ app }: TriggerContext, type: string): [logicalId: string, Properties][] {
  return Object.entries(app.resources).flatMap(([id, resource]) =>
    typeOf(resource) === type ? [[id, new Properties(app, id)] as [string, Properties]] : [],
  )
}

/** What a Ref to the resource gives, as text: how resources name each other. */
export function refText({ app }: TriggerContext, logicalId: string): string {
  return textOf(app.scope.ref(logicalId, logicalId), logicalId)
}

/** `name` or `name:qualifier` of a function's ARN, wherever in the text it stands; undefined: no function's. */
export function functionNameIn(text: string): string | undefined {
  return /:function:([A-Za-z0-9_-]+(?::[$A-Za-z0-9_-]+)?)/.exec(text)?.[1]
}

/** Of what may be a name or an ARN. */
export function functionNameOf(text: string): string {
  return functionNameIn(text) ?? text
}

/** JSON text of a value that templates give as text or as a map. */
export function jsonOf(value: TemplateValue | undefined): string | undefined {
  return value === undefined ? undefined : typeof value === 'string' ? value : JSON.stringify(value)
}

export function enabledIn(properties: ValueReader): boolean {
  const state = properties.text('State')
  return (properties.flag('Enabled') ?? true) && state !== 'DISABLED'
}
