// Which route of an HTTP API answers a request: the most exact path that has the method, then one with {proxy+}, then
// $default. Unlike in REST APIs, a path that lacks the method gives way to a less exact one.
import type { HttpRoute } from '../trigger-spec.ts'
import { matchPath } from './rest-route.ts'

export interface HttpRouteMatch {
  readonly route: HttpRoute
  readonly routeKey: string
  readonly pathParameters: Readonly<Record<string, string>>
}

export function matchHttpRoute(routes: readonly HttpRoute[], method: string, path: string): HttpRouteMatch | undefined {
  const segments = path.split('/').slice(1)
  let best: (HttpRouteMatch & { readonly rank: string }) | undefined
  for (const route of routes) {
    if (route.path === '$default' || !(route.method === method || route.method === 'ANY')) continue
    const match = matchPath(route.path, route.path.split('/').slice(1), segments)
    const rank = match && `${match.rank}${route.method === 'ANY' ? 'b' : 'a'}`
    if (match === undefined || rank === undefined || (best !== undefined && best.rank <= rank)) continue
    best = { route, routeKey: `${route.method} ${route.path}`, pathParameters: match.pathParameters, rank }
  }
  if (best !== undefined) return best
  const route = routes.find((one) => one.path === '$default')
  return route && { route, routeKey: '$default', pathParameters: {} }
}
