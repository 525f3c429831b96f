// What requests that create or change a stack say: the template, its parameters, and what goes with them.
import { randomUUID } from 'node:crypto'
import type { JsonObject } from '../codec/json.ts'
import { nestedAt } from '../control/stacks/nested-stacks.ts'
import type { OpenedStack } from '../control/stacks/stack-change.ts'
import type { Wanted } from '../control/stacks/stack-engine.ts'
import type { StackRecord } from '../control/stacks/stack-record.ts'
import { isList, isMap, mapAt, spell, type TemplateMap } from '../deploy/template-value.ts'
import { booleanIn, listIn, objectsIn, textIn } from './aws-input.ts'
import { validationError, withTemplateErrors, type CloudFormationContext } from './cloudformation-context.ts'
import { ServiceError } from './service-error.ts'

export interface StackRequest {
  readonly opened: OpenedStack
  readonly wanted: Wanted
}

const MAX_BODY = 51_200
const NAME = /^[A-Za-z][A-Za-z0-9-]{0,127}$/

/** Template text of TemplateBody, TemplateURL or the stack itself. @throws ServiceError ValidationError */
export async function templateText(
  { options }: CloudFormationContext,
  input: JsonObject,
  previous: StackRecord | undefined,
): Promise<string> {
  const [body, url] = [textIn(input, 'TemplateBody'), textIn(input, 'TemplateURL')]
  if (body !== undefined && url !== undefined)
    throw validationError('Specify either TemplateBody or TemplateURL, not both')
  if (body !== undefined) {
    if (Buffer.byteLength(body) > MAX_BODY)
      throw validationError(
        `1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to ${MAX_BODY}`,
      )
    return body
  }
  if (url !== undefined) {
    const text = options.templates.textAt(url)
    if (text === undefined) throw validationError(`S3 error: The specified key does not exist. (${url})`)
    return text
  }
  if (booleanIn(input, 'UsePreviousTemplate') === true && previous !== undefined && previous.template !== '')
    return previous.template
  throw validationError('Either Template URL or Template Body must be specified.')
}

/** Everything of a request, checked, and the template opened under the stack's id. */
export async function readStackRequest(
  context: CloudFormationContext,
  input: JsonObject,
  stack: { readonly name: string; readonly id: string; readonly previous?: StackRecord },
  options: { readonly expands: boolean },
): Promise<StackRequest> {
  const { templates } = context.options
  const { previous } = stack
  const text = await templateText(context, input, previous)
  return await withTemplateErrors(async () => {
    const template = templates.parse(text)
    const capabilities = textsOf(listIn(input, 'Capabilities') ?? previous?.capabilities ?? [])
    const given = (objectsIn(input, 'Parameters') ?? []).map((one) => {
      const value = textIn(one, 'ParameterValue')
      const key = textIn(one, 'ParameterKey') ?? ''
      return booleanIn(one, 'UsePreviousValue') === true || value === undefined ? { key } : { key, value }
    })
    const parameters = templates.parameters(template, given, previous?.parameters ?? [])
    const opened = await templates.opened({ stackName: stack.name, stackId: stack.id, text, parameters })
    checkCapabilities(nestedAt(opened.stack, opened.path).resources, template, capabilities, options.expands)
    const tags = objectsIn(input, 'Tags')
    const roleArn = textIn(input, 'RoleARN') ?? previous?.roleArn
    const description = template['Description']
    return {
      opened,
      wanted: {
        template: text,
        parameters,
        capabilities,
        tags: tags === undefined ? (previous?.tags ?? {}) : tagsOf(tags),
        notificationArns: textsOf(listIn(input, 'NotificationARNs') ?? previous?.notificationArns ?? []),
        ...(description !== undefined && { description: spell(description) }),
        ...(roleArn !== undefined && { roleArn }),
      },
    }
  })
}

export function checkStackName(name: string): void {
  if (!NAME.test(name))
    throw validationError(
      `1 validation error detected: Value '${name}' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*`,
    )
}

export function newUnique(): string {
  return randomUUID()
}

/** Names of what a template makes need a yes of their own. @throws ServiceError InsufficientCapabilitiesException */
function checkCapabilities(
  resources: readonly { readonly type: string; readonly properties: TemplateMap }[],
  template: TemplateMap,
  given: readonly string[],
  expands: boolean,
): void {
  const wanted = capabilitiesOf(resources)
  const missing = wanted.filter(
    (one) => !given.includes(one) && !(one === 'CAPABILITY_IAM' && given.includes('CAPABILITY_NAMED_IAM')),
  )
  // A change set shows what the transform made before anybody executes it.
  if (expands && transformsOf(template).length > 0 && !given.includes('CAPABILITY_AUTO_EXPAND'))
    missing.push('CAPABILITY_AUTO_EXPAND')
  if (missing.length > 0)
    throw new ServiceError('InsufficientCapabilitiesException', `Requires capabilities : [${missing.join(', ')}]`)
}

/** CAPABILITY_IAM for roles, CAPABILITY_NAMED_IAM for roles of a name of their own. */
export function capabilitiesOf(
  resources: readonly { readonly type: string; readonly properties: TemplateMap }[],
): string[] {
  const iam = resources.filter(({ type }) => type.startsWith('AWS::IAM::'))
  if (iam.length === 0) return []
  const named = iam.some(({ properties }) =>
    ['RoleName', 'ManagedPolicyName', 'UserName', 'GroupName', 'InstanceProfileName'].some(
      (name) => name in properties,
    ),
  )
  return [named ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM']
}

export function transformsOf(template: TemplateMap): string[] {
  const transform = template['Transform']
  if (transform === undefined || transform === null) return []
  return (isList(transform) ? transform : [transform]).map((one) => (isMap(one) ? spell(one['Name']) : spell(one)))
}

/** As GetTemplateSummary and ValidateTemplate list them. */
export function declaredParameters(
  template: TemplateMap,
): readonly { readonly key: string; readonly declaration: TemplateMap }[] {
  return Object.entries(mapAt(template['Parameters'], 'Parameters')).map(([key, value]) => ({
    key,
    declaration: isMap(value) ? value : {},
  }))
}

function tagsOf(tags: readonly JsonObject[]): Readonly<Record<string, string>> {
  return Object.fromEntries(tags.map((tag) => [textIn(tag, 'Key') ?? '', textIn(tag, 'Value') ?? '']))
}

function textsOf(list: readonly unknown[]): readonly string[] {
  return list.filter((one) => typeof one === 'string')
}
