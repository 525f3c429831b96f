// The values a template is made of once its short tags are spelled out, and how to ask what one is.
import { FnscopeError } from '../errors.ts'

export type TemplateValue = string | number | boolean | null | readonly TemplateValue[] | TemplateMap

export interface TemplateMap {
  readonly [key: string]: TemplateValue
}

/** Of a stack within a stack, and of a stack's own events. */
export const STACK_TYPE = 'AWS::CloudFormation::Stack'

export function isMap(value: TemplateValue | undefined): value is TemplateMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isList(value: TemplateValue | undefined): value is readonly TemplateValue[] {
  return Array.isArray(value)
}

/** The map, or an empty one when absent or null. @throws FnscopeError FNS_TEMPLATE_INVALID naming `place` */
export function mapAt(value: TemplateValue | undefined, place: string): TemplateMap {
  if (value === undefined || value === null) return {}
  if (!isMap(value)) throw invalid(`${place} must be a map, not ${describe(value)}.`)
  return value
}

/** The one key of an intrinsic call and its argument; undefined for any other value. */
export function intrinsicOf(value: TemplateValue | undefined): readonly [string, TemplateValue] | undefined {
  if (!isMap(value)) return undefined
  const keys = Object.keys(value)
  const key = keys[0]
  if (keys.length !== 1 || key === undefined) return undefined
  return key === 'Ref' || key === 'Condition' || key.startsWith('Fn::') ? [key, value[key]!] : undefined
}

/** A resource's or event's Type; empty when it has none. */
export function typeOf(value: TemplateValue | undefined): string {
  const type = isMap(value) ? value['Type'] : undefined
  return typeof type === 'string' ? type : ''
}

/** A scalar as text, anything else as JSON: for comparing and for messages. */
export function spell(value: TemplateValue | undefined): string {
  if (value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

export function describe(value: TemplateValue | undefined): string {
  if (value === undefined) return 'nothing'
  if (isList(value)) return 'a list'
  if (isMap(value)) return 'a map'
  return JSON.stringify(value)
}

export function invalid(message: string, cause?: unknown): FnscopeError {
  return new FnscopeError('FNS_TEMPLATE_INVALID', message, cause === undefined ? undefined : { cause })
}
