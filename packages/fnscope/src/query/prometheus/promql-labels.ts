// PromQL's functions that write labels.
import { wholeRegex } from './promql-selector.ts'
import { without, type Labels, type Sample } from './promql-series.ts'
import { PromqlError } from './promql-syntax.ts'

function checked(label: string, role: string): string {
  if (!/^[a-zA-Z_]\w*$/.test(label))
    throw new PromqlError(`invalid ${role} label name in ${JSON.stringify(label)}`, 'execution')
  return label
}

function withLabel(labels: Labels, name: string, value: string): Labels {
  return value === '' ? without(labels, [name]) : { ...without(labels, [name]), [name]: value }
}

/** Samples whose source label the whole expression fits get the target label; the others stay. @throws PromqlError */
export function labelReplace(vector: readonly Sample[], texts: readonly string[]): readonly Sample[] {
  const [target, replacement, source, pattern] = texts as [string, string, string, string]
  checked(target, 'destination')
  const regex = wholeRegex(pattern)
  return vector.map(({ labels, value }) => {
    const match = regex.exec(labels[source] ?? '')
    return match === null
      ? { labels, value }
      : { labels: withLabel(labels, target, expanded(replacement, match)), value }
  })
}

/** $1, ${1} and ${name}; $$ is a dollar sign. */
function expanded(template: string, match: RegExpExecArray): string {
  return template.replaceAll(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_, ...found: readonly (string | undefined)[]) => {
    const [dollar, bare, braced] = found
    const name = bare ?? braced ?? ''
    return dollar ?? (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? ''
  })
}

/** @throws PromqlError */
export function labelJoin(vector: readonly Sample[], texts: readonly string[]): readonly Sample[] {
  const [target, separator, ...sources] = texts as [string, string, ...string[]]
  checked(target, 'destination')
  for (const source of sources) checked(source, 'source')
  return vector.map(({ labels, value }) => ({
    labels: withLabel(labels, target, sources.map((source) => labels[source] ?? '').join(separator)),
    value,
  }))
}
