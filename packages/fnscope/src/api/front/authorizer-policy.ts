// The policy that a Lambda authorizer answers, and whether it lets one method be called. Pure.

interface Statement {
  readonly Effect?: unknown
  readonly Resource?: unknown
  readonly Action?: unknown
}

export interface Policy {
  readonly Statement: readonly Statement[]
}

export function isPolicy(value: unknown): value is Policy {
  return typeof value === 'object' && value !== null && Array.isArray((value as { Statement?: unknown }).Statement)
}

/** A Deny wins over every Allow. */
export function allows(policy: Policy, arn: string): 'allowed' | 'denied' | 'unmentioned' {
  const meant = policy.Statement.filter(
    ({ Resource, Action }) =>
      textsOf(Resource).some((pattern) => matches(pattern, arn)) &&
      textsOf(Action).some((pattern) => matches(pattern.toLowerCase(), 'execute-api:invoke')),
  )
  if (meant.some(({ Effect }) => Effect === 'Deny')) return 'denied'
  return meant.some(({ Effect }) => Effect === 'Allow') ? 'allowed' : 'unmentioned'
}

function textsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string')
}

/** `*` is any text, `?` any one character. Walked without backtracking into every star: a policy comes from a function. */
function matches(pattern: string, text: string): boolean {
  let at = 0
  let star = -1
  let mark = 0
  let p = 0
  while (at < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p
      mark = at
      p += 1
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[at])) {
      p += 1
      at += 1
    } else if (star >= 0) {
      p = star + 1
      mark += 1
      at = mark
    } else return false
  }
  while (pattern[p] === '*') p += 1
  return p === pattern.length
}
