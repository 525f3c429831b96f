// Which route of a REST API answers a request: a literal segment before {param} before {proxy+}, then the method before ANY.
// The path is settled first: a path whose resource lacks the method is not offered to a less exact one.
import type { RestApiSpec, RestRoute } from '../trigger-spec.ts'

export interface RouteMatch {
  readonly route: RestRoute
  /** Decoded; empty when the route has none. */
  readonly pathParameters: Readonly<Record<string, string>>
}

export interface PathMatch {
  readonly path: string
  readonly pathParameters: Readonly<Record<string, string>>
  /** One letter a segment, a literal sorts before a parameter before a greedy one. */
  readonly rank: string
}

/** @param path as sent, after the stage, without the query. Undefined: no route. */
export function matchRoute(api: Pick<RestApiSpec, 'routes'>, method: string, path: string): RouteMatch | undefined {
  const best = bestPath(api, path)
  if (best === undefined) return undefined
  const routes = api.routes.filter((route) => route.path === best.path)
  const route = routes.find((one) => one.method === method) ?? routes.find((one) => one.method === 'ANY')
  return route && { route, pathParameters: best.pathParameters }
}

/** The methods that the path's resource has: what a preflight may be told. Empty when no resource matches. */
export function methodsOf(api: Pick<RestApiSpec, 'routes'>, path: string): string[] {
  const best = bestPath(api, path)
  const methods = api.routes.filter((route) => route.path === best?.path).map((route) => route.method)
  return methods.includes('ANY') ? ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] : methods
}

function bestPath(api: Pick<RestApiSpec, 'routes'>, path: string): PathMatch | undefined {
  const segments = segmentsOf(path)
  let best: PathMatch | undefined
  for (const routePath of new Set(api.routes.map((route) => route.path))) {
    const match = matchPath(routePath, segmentsOf(routePath), segments)
    if (match && (best === undefined || match.rank < best.rank)) best = match
  }
  return best
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '')
}

/** @param pattern the route's segments, as `segments` were cut */
export function matchPath(
  routePath: string,
  pattern: readonly string[],
  segments: readonly string[],
): PathMatch | undefined {
  const pathParameters: Record<string, string> = {}
  let rank = ''
  for (const [index, part] of pattern.entries()) {
    const greedy = /^\{(.+)\+\}$/.exec(part)?.[1]
    const name = /^\{(.+)\}$/.exec(part)?.[1]
    const segment = segments[index]
    if (segment === undefined || (name !== undefined && segment === '')) return undefined
    if (greedy !== undefined) {
      pathParameters[greedy] = decode(segments.slice(index).join('/'))
      return { path: routePath, pathParameters, rank: `${rank}c` }
    }
    if (name !== undefined) {
      pathParameters[name] = decode(segment)
      rank += 'b'
    } else if (part === segment || part === decode(segment)) rank += 'a'
    else return undefined
  }
  return pattern.length === segments.length ? { path: routePath, pathParameters, rank } : undefined
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
