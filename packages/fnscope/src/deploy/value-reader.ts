// A map of a template whose values are resolved when asked for, each with the place that an error names.
import { resolveValue, textOf } from './intrinsics.ts'
import type { TemplateScope } from './scope.ts'
import { invalid, isList, isMap, mapAt, type TemplateMap, type TemplateValue } from './template-value.ts'

/** Where a map was found. */
export interface ReaderContext {
  readonly file: string
  readonly scope: TemplateScope
}

export class ValueReader {
  readonly place: string
  readonly raw: TemplateMap
  readonly #context: ReaderContext

  constructor(context: ReaderContext, raw: TemplateMap, place: string) {
    this.#context = context
    this.raw = raw
    this.place = place
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

  /** @throws FnscopeError FNS_TEMPLATE_INVALID when it is missing or empty */
  required(key: string): string {
    const text = this.text(key)
    if (!text) throw invalid(`${this.#context.file}: ${this.place} has no ${key}.`)
    return text
  }

  flag(key: string): boolean | undefined {
    const value = this.value(key)
    if (value === undefined) return undefined
    if (value === true || value === 'true') return true
    if (value === false || value === 'false') return false
    throw invalid(`${this.at(key)} must be true or false, not ${JSON.stringify(value)}.`)
  }

  map(key: string): TemplateMap {
    return mapAt(this.value(key), this.at(key))
  }

  /** One text counts as a list of it. */
  texts(key: string): string[] {
    const value = this.value(key)
    if (value === undefined) return []
    return (isList(value) ? value : [value]).map((item) => textOf(item, this.at(key)))
  }

  /** A map below: read on. */
  inner(key: string): ValueReader {
    return new ValueReader(this.#context, this.map(key), `${this.place}.${key}`)
  }

  /** The maps of a list below. */
  items(key: string): ValueReader[] {
    const value = this.value(key)
    if (value === undefined) return []
    if (!isList(value)) throw invalid(`${this.at(key)} must be a list.`)
    return value.map((item, index) => {
      const place = `${this.place}.${key}[${index}]`
      return new ValueReader(this.#context, mapAt(item, place), place)
    })
  }

  /** The maps of a map below, by their keys. */
  entries(key: string): [name: string, ValueReader][] {
    return Object.entries(mapAt(this.raw[key], this.at(key))).map(([name, raw]) => {
      const place = `${this.place}.${key}.${name}`
      return [name, new ValueReader(this.#context, isMap(raw) ? raw : {}, place)]
    })
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
