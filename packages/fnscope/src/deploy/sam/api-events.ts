// Events of type Api and HttpApi: routes, which are gathered here and written by api.ts, and who may call by them.
import { isMap, spell, type TemplateMap, type TemplateValue } from '../template-value.ts'
import { type EventTarget, permission, type SamEvent } from './event-target.ts'
import type { Expand, Expansion } from './expansion.ts'
import { idSuffix, ref, resource, sub } from './parts.ts'
import { allow, assumedBy } from './role.ts'

export const expandApi: Expand = (event, target, into) => {
  const { Path, Method } = event.properties
  const rest = into.target(event.properties['RestApiId'])
  const api = event.properties['RestApiId'] === undefined ? 'ServerlessRestApi' : (rest ?? 'ServerlessRestApi')
  const foreign =
    event.properties['RestApiId'] !== undefined && rest === undefined && !isImplicit(event.properties['RestApiId'])
  const method = spell(into.known(Method) ?? 'any').toLowerCase()
  const path = spell(into.known(Path) ?? '/')
  if (!foreign) into.addRoute(api, { path, method, target, event: event.properties })
  if (target.kind === 'stateMachine') return expandMachineRoute(event, target, into)
  const stage = into.stageOf(api)
  const suffix = foreign ? 'AllStages' : typeof stage === 'string' ? stage : 'Stage'
  const verb = method === 'any' || method === 'x-amazon-apigateway-any-method' ? '*' : method.toUpperCase()
  const id = foreign ? (event.properties['RestApiId'] ?? ref(api)) : ref(api)
  into.add(
    idSuffix(`${event.id}Permission`, suffix),
    permission(event, target, {
      Principal: 'apigateway.amazonaws.com',
      SourceArn: executeArn(id, `${verb}${permittedPath(path)}`),
    }),
  )
}

function expandMachineRoute(event: SamEvent, target: EventTarget, into: Expansion): void {
  const role = resource(
    'AWS::IAM::Role',
    {
      AssumeRolePolicyDocument: assumedBy('apigateway'),
      Policies: [allow(`${event.id}RoleStartExecutionPolicy`, 'states:StartExecution', target.arn)],
    },
    target.attributes,
  )
  into.add(`${event.id}Role`, role)
}

export const expandHttpApi: Expand = (event, target, into) => {
  const api = into.target(event.properties['ApiId']) ?? 'ServerlessHttpApi'
  const foreign =
    event.properties['ApiId'] !== undefined && api === 'ServerlessHttpApi' && !isImplicit(event.properties['ApiId'])
  const path = spell(into.known(event.properties['Path']) ?? '$default')
  const method = spell(into.known(event.properties['Method']) ?? 'x-amazon-apigateway-any-method').toLowerCase()
  if (!foreign) into.addRoute(api, { path, method, target, event: event.properties })
  const verb = method === 'any' || method === 'x-amazon-apigateway-any-method' ? '*' : method.toUpperCase()
  const id = foreign ? (event.properties['ApiId'] ?? ref(api)) : ref(api)
  into.add(
    `${event.id}Permission`,
    permission(event, target, {
      Principal: 'apigateway.amazonaws.com',
      SourceArn: executeArn(id, path === '$default' ? '*' : `${verb}${permittedPath(path)}`),
    }),
  )
}

function isImplicit(value: TemplateValue | undefined): boolean {
  return isMap(value) && (value['Ref'] === 'ServerlessRestApi' || value['Ref'] === 'ServerlessHttpApi')
}

function executeArn(api: TemplateValue, path: string): TemplateMap {
  return sub(
    `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${__ApiId__}/\${__Stage__}/${path}`,
    { __ApiId__: api, __Stage__: '*' },
  )
}

function permittedPath(path: string): string {
  return path.replace(/^(.+)\/$/, '$1').replaceAll(/\{[^}]*\}/g, '*')
}
