// What the events of SAM are expanded with: the event, what it calls, and the permission that most of them need.
import type { TemplateMap, TemplateValue } from '../template-value.ts'
import { type Attributes, resource } from './parts.ts'

/** What an event calls. */
export interface EventTarget {
  readonly id: string
  readonly kind: 'function' | 'stateMachine'
  readonly arn: TemplateValue
  /** What a permission names: the function, or its alias. */
  readonly name: TemplateValue
  readonly attributes: Attributes
  /** Inline policies that its role needs for them. */
  readonly inline: TemplateMap[]
  /** Managed policies likewise. */
  readonly managed: string[]
  readonly propagatedTags: TemplateValue | undefined
}

export interface SamEvent {
  /** `<Function><Event>`: what it adds begins with it. */
  readonly id: string
  readonly name: string
  readonly properties: TemplateMap
  readonly place: string
}

/** What lets the caller call. */
export function permission(
  event: SamEvent,
  target: EventTarget,
  draft: Readonly<Record<string, TemplateValue | undefined>>,
) {
  return resource(
    'AWS::Lambda::Permission',
    { Action: 'lambda:InvokeFunction', FunctionName: target.name, ...draft },
    target.attributes,
  )
}
