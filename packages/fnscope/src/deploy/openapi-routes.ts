// Routes inside an OpenAPI document with API Gateway's extensions: a SAM API's DefinitionBody, an API resource's Body.
import type { RouteTarget } from '../functions/trigger-spec.ts'
import { targetOf } from './integration.ts'
import { readGuards, type Guard, type OuterAuth } from './openapi-authorizers.ts'
import { isMap, spell, type TemplateMap } from './template-value.ts'

export interface OpenApiRoute {
  readonly method: string
  readonly path: string
  readonly target: RouteTarget
  /** `1.0` or `2.0`, empty when it says none. */
  readonly payload: string
  readonly guard: Guard
}

const METHODS = new Set(['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'x-amazon-apigateway-any-method'])

/** @param body resolved @param outer what stands beside the document, as a SAM API's Auth */
export function openApiRoutes(body: TemplateMap, api: 'rest' | 'http', outer?: OuterAuth): OpenApiRoute[] {
  const guardOf = readGuards(body, api, outer)
  const paths = isMap(body['paths']) ? body['paths'] : {}
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(isMap(methods) ? methods : {}).flatMap(([method, operation]) => {
      if (!METHODS.has(method.toLowerCase()) || !isMap(operation)) return []
      const integration = operation['x-amazon-apigateway-integration']
      if (!isMap(integration)) return []
      return [
        {
          method: method.startsWith('x-') ? 'ANY' : method.toUpperCase(),
          path: path === '/$default' ? '$default' : path,
          target: targetOf(integration),
          payload: spell(integration['payloadFormatVersion']),
          guard: guardOf(operation),
        },
      ]
    }),
  )
}
