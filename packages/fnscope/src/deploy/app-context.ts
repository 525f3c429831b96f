// What every reader of a resource is handed: the template with its scope, where it lies, and how to build.
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { SegmentStyle } from '../functions/function-spec.ts'
import type { BuildOptions } from './build.ts'
import { resolveValue, textOf } from './intrinsics.ts'
import type { NameSeed } from './physical-name.ts'
import type { TemplateScope } from './scope.ts'
import { invalid, isMap, mapAt, type TemplateMap, type TemplateValue } from './template-value.ts'

export interface AppContext {
  readonly file: string
  /** What paths in the template are relative to. */
  readonly templateDir: string
  readonly appDir: string
  readonly built: boolean
  readonly seed: NameSeed
  readonly region: string
  readonly accountId: string
  /** With Globals merged; those whose condition is false are not in it. */
  readonly resources: TemplateMap
  readonly scope: TemplateScope
  readonly build: BuildOptions
  readonly segmentStyle?: SegmentStyle
  notice(text: string): void
}

/** One resource with its properties, each resolved when asked for. */
export class Properties {
  readonly place: string
  readonly raw: TemplateMap
  readonly #context: AppContext

  constructor(context: AppContext, logicalId: string) {
    this.#context = context
    this.place = `Resources.${logicalId}.Properties`
    const resource = context.resources[logicalId]
    this.raw = mapAt(isMap(resource) ? resource['Properties'] : undefined, this.place)
  }

  at(key: string): string {
    return `${this.#context.file}: ${this.place}.${key}`
  }

  value(key: string): TemplateValue | undefined {
    const raw = this.raw[key]
    if (raw === undefined || raw === null) return undefined
    return resolveValue(raw, this.#context.scope, `${this.place}.${key}`)
  }

  text(key: string): string | undefined {
    const value = this.value(key)
    return value === undefined ? undefined : textOf(value, this.at(key))
  }

  map(key: string): TemplateMap {
    return mapAt(this.value(key), this.at(key))
  }

  /** A whole number in [least, most]. @throws FnscopeError FNS_TEMPLATE_INVALID */
  integer(key: string, least: number, most: number): number | undefined {
    const value = this.value(key)
    return value === undefined ? undefined : integerOf(value, this.at(key), least, most)
  }

  oneOf<T extends string>(key: string, allowed: readonly T[]): T | undefined {
    const text = this.text(key)
    return text === undefined ? undefined : choiceOf(text, this.at(key), allowed)
  }
}

export function integerOf(value: TemplateValue, place: string, least: number, most: number): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number) || number < least || number > most) {
    throw invalid(`${place} must be a whole number from ${least} to ${most}, not ${JSON.stringify(value)}.`)
  }
  return number
}

export function choiceOf<T extends string>(text: string, place: string, allowed: readonly T[]): T {
  const found = allowed.find((choice) => choice === text)
  if (found === undefined) throw invalid(`${place} must be ${allowed.join(' or ')}, not "${text}".`)
  return found
}

export async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}

export function pathFrom(context: AppContext, path: string): string {
  return resolve(context.templateDir, path)
}
