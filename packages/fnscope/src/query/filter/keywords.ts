// The keywords of the filter language and where each may stand. All of them are taken in any case.
import type { FlagKeyword, NumberKeyword, TextKeyword } from './expression.ts'

/** What the conditions are about: the trace, a node's segments, a connection's call, an item of a root cause. */
export type Scope = 'trace' | 'service' | 'edge' | 'cause service' | 'cause entity' | 'timed entity' | 'cause exception'

export type Keyword =
  | { readonly is: 'flag'; readonly keyword: FlagKeyword; readonly in: readonly Scope[] }
  | { readonly is: 'number'; readonly keyword: NumberKeyword; readonly in: readonly Scope[] }
  | { readonly is: 'text'; readonly keyword: TextKeyword; readonly in: readonly Scope[] }

const REQUESTS: readonly Scope[] = ['trace', 'service', 'edge']
const ENTITIES: readonly Scope[] = ['cause entity', 'timed entity']
const ITEMS: readonly Scope[] = ['cause service', ...ENTITIES, 'cause exception']

const flag = (keyword: FlagKeyword, scopes: readonly Scope[]): Keyword => ({ is: 'flag', keyword, in: scopes })
const number = (keyword: NumberKeyword, scopes: readonly Scope[]): Keyword => ({ is: 'number', keyword, in: scopes })
const text = (keyword: TextKeyword, scopes: readonly Scope[]): Keyword => ({ is: 'text', keyword, in: scopes })

const ALL: readonly Keyword[] = [
  flag('ok', REQUESTS),
  flag('error', REQUESTS),
  flag('throttle', REQUESTS),
  flag('fault', REQUESTS),
  flag('partial', REQUESTS),
  flag('inferred', [...REQUESTS, 'cause service']),
  flag('root', REQUESTS),
  flag('first', ITEMS),
  flag('last', ITEMS),
  flag('remote', ENTITIES),
  number('responsetime', REQUESTS),
  number('duration', REQUESTS),
  number('http.status', REQUESTS),
  number('index', ITEMS),
  number('coverage', ['timed entity']),
  text('http.url', REQUESTS),
  text('http.method', REQUESTS),
  text('http.useragent', REQUESTS),
  text('http.clientip', REQUESTS),
  text('user', REQUESTS),
  text('name', [...REQUESTS, ...ITEMS]),
  text('type', [...REQUESTS, 'cause service']),
  text('message', [...REQUESTS, 'cause exception']),
  text('availabilityzone', REQUESTS),
  text('instance.id', REQUESTS),
  text('resource.arn', REQUESTS),
  text('account.id', ['service', 'cause service']),
]

export const KEYWORDS: ReadonlyMap<string, Keyword> = new Map(ALL.map((one) => [one.keyword, one]))

/** `rootcause.<kind>.<item>`, in every combination that has items. */
export const ROOT_CAUSES: ReadonlySet<string> = new Set([
  'rootcause.fault.service',
  'rootcause.fault.entity',
  'rootcause.fault.exception',
  'rootcause.error.service',
  'rootcause.error.entity',
  'rootcause.error.exception',
  'rootcause.responsetime.service',
  'rootcause.responsetime.entity',
])

const COMPLEX = ['service', 'edge', 'annotation', 'group.name', 'group.arn', 'json', 'rootcause.json'] as const

/** How each place is called in a message. */
export const SCOPE_NAMES: Readonly<Record<Scope, string>> = {
  trace: 'the trace',
  service: 'service(…) { … }',
  edge: 'edge(…) { … }',
  'cause service': 'rootcause.….service { … }',
  'cause entity': 'rootcause.….entity { … }',
  'timed entity': 'rootcause.responsetime.entity { … }',
  'cause exception': 'rootcause.….exception { … }',
}

/** What was probably meant, for a message; undefined when nothing is near. */
export function nearestKeyword(word: string): string | undefined {
  const lower = word.toLowerCase()
  let nearest: string | undefined
  let least = lower.length < 5 ? 1 : 2
  for (const keyword of [...KEYWORDS.keys(), ...ROOT_CAUSES, ...COMPLEX]) {
    if (Math.abs(keyword.length - lower.length) > least) continue
    const distance = distanceOf(lower, keyword)
    if (distance <= least && (nearest === undefined || distance < least)) {
      nearest = keyword
      least = distance
    }
  }
  return nearest
}

/** Letters to add, drop or change. */
function distanceOf(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++)
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    above = row
  }
  return above[b.length]!
}
