// X-Ray sampling rules: what they are and which one a request matches. Who is sampled under a rule is reservoir.ts.

/** Fields as X-Ray names them; `*` and `?` are wildcards, case is ignored. */
export interface SamplingRule {
  /** 1 to 32 characters. */
  readonly ruleName: string
  readonly ruleArn: string
  readonly resourceArn: string
  /** 1 to 9999, ascending; the default rule has 10000. */
  readonly priority: number
  /** 0 to 1, of what the reservoir does not take. */
  readonly fixedRate: number
  /** Requests a second that are always taken, all clients together. */
  readonly reservoirSize: number
  readonly serviceName: string
  readonly serviceType: string
  readonly host: string
  readonly httpMethod: string
  readonly urlPath: string
  /** Must equal the request's; SDKs skip rules that have any. */
  readonly attributes: { readonly [key: string]: string }
}

/** What is known of a request; a missing value matches every rule, as in the SDKs. */
export interface SamplingRequest {
  readonly serviceName?: string
  readonly serviceType?: string
  readonly host?: string
  readonly httpMethod?: string
  readonly urlPath?: string
}

export const DEFAULT_RULE_NAME = 'Default'

/** The rule that matches whatever no other does: the cloud's 1 a second and 5 % unless told otherwise. */
export function defaultRule(
  options: { readonly fixedRate?: number; readonly reservoirSize?: number; readonly arn?: string } = {},
): SamplingRule {
  return {
    ruleName: DEFAULT_RULE_NAME,
    ruleArn: options.arn ?? 'arn:aws:xray:us-east-1:000000000000:sampling-rule/Default',
    resourceArn: '*',
    priority: 10_000,
    fixedRate: options.fixedRate ?? 0.05,
    reservoirSize: options.reservoirSize ?? 1,
    serviceName: '*',
    serviceType: '*',
    host: '*',
    httpMethod: '*',
    urlPath: '*',
    attributes: {},
  }
}

/** By priority, then name: the order in which rules are asked. */
export function compareRules(a: SamplingRule, b: SamplingRule): number {
  return a.priority - b.priority || (a.ruleName < b.ruleName ? -1 : a.ruleName > b.ruleName ? 1 : 0)
}

/** The first rule that matches; rules for one resource or with attributes are for AWS services and never do. */
export function matchRule(rules: readonly SamplingRule[], request: SamplingRequest): SamplingRule | undefined {
  return [...rules].sort(compareRules).find((rule) => matches(rule, request))
}

function matches(rule: SamplingRule, request: SamplingRequest): boolean {
  if (rule.resourceArn !== '*' || Object.keys(rule.attributes).length > 0) return false
  const fields = ['serviceName', 'serviceType', 'host', 'httpMethod', 'urlPath'] as const
  return fields.every((field) => request[field] === undefined || matchesWildcard(rule[field], request[field]))
}

/**
 * `*` any characters, `?` one, case ignored. Takes time in proportion to both lengths at worst, whatever the pattern:
 * a mismatch goes back to the last star alone.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  const wanted = pattern.toLowerCase()
  const given = text.toLowerCase()
  let at = 0
  let star = -1
  let resume = 0
  let i = 0
  while (i < given.length) {
    if (wanted[at] === '*') {
      star = at++
      resume = i
    } else if (at < wanted.length && (wanted[at] === '?' || wanted[at] === given[i])) {
      at++
      i++
    } else if (star >= 0) {
      at = star + 1
      i = ++resume
    } else return false
  }
  while (wanted[at] === '*') at++
  return at === wanted.length
}
