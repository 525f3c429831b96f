// `key=value key2="a value"`, as Tempo's `tags` parameter has it.
import { refused } from './jaeger-request.ts'

const PAIR = /^\s*([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)/

const MAX_PAIRS = 100

/** @throws FnscopeError FNS_USAGE */
export function parseLogfmt(text: string): [key: string, value: string][] {
  const pairs: [string, string][] = []
  for (let rest = text; rest.trim() !== '';) {
    const match = PAIR.exec(rest)
    if (match === null)
      throw refused(`'tags' wants key=value, with "…" around values with spaces, not ${rest.trim().slice(0, 100)}`)
    if (pairs.length === MAX_PAIRS) throw refused(`More than ${MAX_PAIRS} tags are not asked.`)
    pairs.push([match[1]!, match[2]?.replaceAll(/\\(.)/gs, '$1') ?? match[3] ?? ''])
    rest = rest.slice(match[0].length)
  }
  return pairs
}
