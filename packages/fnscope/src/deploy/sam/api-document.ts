// The paths of an API's document: one for each route that an event adds, with what is called there.
import { intrinsicOf, isMap, spell, type TemplateMap } from '../template-value.ts'
import type { EventTarget } from './event-target.ts'
import { sub } from './parts.ts'

/** One route that an event adds to an API. */
export interface ApiRoute {
  readonly path: string
  /** Lower case; `any` or API Gateway's own name for it. */
  readonly method: string
  readonly target: EventTarget
  readonly event: TemplateMap
}

const ANY = 'x-amazon-apigateway-any-method'

function functionUri(target: EventTarget, version: 1 | 2): TemplateMap {
  const arn = intrinsicOf(target.arn)
  const name = arn?.[0] === 'Ref' ? `\${${spell(arn[1])}}` : `\${${target.id}.Arn}`
  const uri = sub(
    `arn:\${AWS::Partition}:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/${name}/invocations`,
  )
  const common = { httpMethod: 'POST', type: 'aws_proxy', uri }
  return version === 1 ? common : { ...common, payloadFormatVersion: '2.0' }
}

function machineIntegration(target: EventTarget): TemplateMap {
  return {
    type: 'aws',
    httpMethod: 'POST',
    uri: sub('arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/StartExecution'),
    responses: { '200': { statusCode: '200' }, '400': { statusCode: '400' } },
    requestTemplates: {
      'application/json': sub(
        `{"input": "$util.escapeJavaScript($input.json('$'))", "stateMachineArn": "\${${target.id}}"}`,
      ),
    },
  }
}

/** The given paths with those of the routes; version 1 is a REST API's, 2 an HTTP API's. */
export function documentPaths(routes: readonly ApiRoute[], given: TemplateMap, version: 1 | 2): TemplateMap {
  const paths: Record<string, TemplateMap> = {}
  for (const [path, item] of Object.entries(given)) if (isMap(item)) paths[path] = item
  for (const { path, method, target, event } of routes) {
    const verb = method === 'any' ? ANY : method
    const integration = target.kind === 'stateMachine' ? machineIntegration(target) : functionUri(target, version)
    const timeout = event['TimeoutInMillis']
    paths[path] = {
      ...paths[path],
      [verb]: {
        'x-amazon-apigateway-integration': {
          ...integration,
          ...(event['PayloadFormatVersion'] === undefined
            ? {}
            : { payloadFormatVersion: event['PayloadFormatVersion'] }),
          ...(timeout === undefined ? {} : { timeoutInMillis: timeout }),
        },
        ...(path === '$default' ? { isDefaultRoute: true } : {}),
        responses: {},
      },
    }
  }
  return paths
}

/** With an OPTIONS that answers preflights on every path. */
export function withOptions(paths: TemplateMap): TemplateMap {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [
      path,
      { ...(isMap(item) ? item : {}), options: { 'x-amazon-apigateway-integration': { type: 'mock' }, responses: {} } },
    ]),
  )
}
