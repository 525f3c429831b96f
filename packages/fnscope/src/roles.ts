// What one fnscope process of several does. A process without a role does not answer for it, and says which one is missing.
import type { FastifyInstance } from 'fastify'
import { FnscopeError } from './errors.ts'

/** receive: telemetry doors. query: the APIs that read, and the console. platform: functions and deployments. */
export type Role = 'receive' | 'query' | 'platform'

export const ROLES: readonly Role[] = ['receive', 'query', 'platform']

/** `query,receive` in the order of ROLES; all of them when not set. @throws FnscopeError FNS_USAGE */
export function parseRoles(text: string | undefined): readonly Role[] {
  if (text === undefined) return ROLES
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !(ROLES as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw new FnscopeError('FNS_USAGE', `--roles wants some of ${ROLES.join(',')}, not "${unknown.slice(0, 100)}".`)
  return ROLES.filter((role) => names.includes(role))
}

/** Functions report to the daemon of the process that runs them. */
const INTAKE: readonly Role[] = ['receive', 'platform']
const READING: readonly Role[] = ['query']
const PLATFORM: readonly Role[] = ['platform']

/** First match decides; any of the roles will do. What matches nothing is everybody's. */
const ROUTES: readonly (readonly [pattern: RegExp, roles: readonly Role[]])[] = [
  [/^\/(TraceSegments|TelemetryRecords|SamplingTargets|SamplingStatisticSummaries|\w+SamplingRules?)$/, INTAKE],
  [/^\/(Traces|Trace[A-Z]\w*|ServiceGraph|TimeSeriesServiceStatistics|Insight\w*|\w*Groups?|\w*Retriev\w+)$/, READING],
  [/^\/v1\/|^\/v2\/list\//, ['receive']],
  [/^\/api\/v1\/write$/, ['receive']],
  [/^\/20\d\d-\d\d-\d\d\//, PLATFORM],
  [/^\/api\/(apps|functions)(\/|$)/, PLATFORM],
  [/^\/api\/(?!health$)|^\/tempo\//, READING],
]

/** The roles of which one answers that path; undefined: any process does. */
export function rolesOfRoute(path: string): readonly Role[] | undefined {
  return ROUTES.find(([pattern]) => pattern.test(path))?.[1]
}

export function missingRole(what: string, wanted: readonly Role[], roles: readonly Role[]): FnscopeError {
  return new FnscopeError(
    'FNS_ROLE_MISSING',
    `${what} is the part of a fnscope with the role ${wanted.join(' or ')}; this one was started with --roles ${roles.join(',')}. Ask one that has it, or start this one with it.`,
  )
}

/** Refuses what is the part of another process. */
export function guardRoles(server: FastifyInstance, roles: readonly Role[]): void {
  if (roles.length === ROLES.length) return
  server.addHook('onRequest', async (request, reply) => {
    if (reply.sent) return
    const path = request.url.split('?', 1)[0] ?? ''
    const wanted = rolesOfRoute(path)
    if (wanted !== undefined && !wanted.some((role) => roles.includes(role)))
      throw missingRole(`${request.method} ${path}`, wanted, roles)
  })
}
