// Who sent a span, from the tags of its point: a resource by OpenTelemetry's names. Few differ, so each is made once.
import type { Point } from './point.ts'
import { newRowSource, type RowSource } from './row-source.ts'

const MAX_KNOWN = 512
const MAX_WORDS = 4096

/** DataKit's tag → the resource attribute. */
const RESOURCE: readonly (readonly [tag: string, attribute: string])[] = [
  ['service', 'service.name'],
  ['version', 'service.version'],
  ['env', 'deployment.environment.name'],
  ['host', 'host.name'],
  ['aws_account_id', 'cloud.account.id'],
  ['aws_region', 'cloud.region'],
  ['aws_lambda_function_name', 'faas.name'],
  ['aws_lambda_function_version', 'faas.version'],
  ['source', 'telemetry.sdk.name'],
]

export class PointSources {
  readonly #known = new Map<string, RowSource>()

  find({ name }: Point, text: (key: string) => string): RowSource {
    const values = RESOURCE.map(([tag]) => text(tag))
    const words = `${name}\0${values.join('\0')}`
    let source = this.#known.get(words)
    if (source === undefined) {
      if (this.#known.size === MAX_KNOWN) this.#known.clear()
      source = make(values, name)
      if (words.length <= MAX_WORDS) this.#known.set(words, source)
    }
    return source
  }
}

function make(values: readonly string[], name: string): RowSource {
  const resource: Record<string, string> = {}
  for (const [index, [, attribute]] of RESOURCE.entries())
    if (values[index] !== '') resource[attribute] = values[index]!
  resource['service.name'] ??= name
  if (resource['faas.name'] !== undefined) {
    resource['cloud.provider'] = 'aws'
    resource['cloud.platform'] = 'aws_lambda'
  }
  return newRowSource(resource)
}
