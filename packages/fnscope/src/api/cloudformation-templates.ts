// CloudFormation's questions about templates: validate, summarize, give back.
import type { StackRecord } from '../control/stacks/stack-record.ts'
import { isNoEcho } from '../deploy/parameters.ts'
import { checkReferences } from '../deploy/references.ts'
import { isList, isMap, mapAt, spell, typeOf, type TemplateMap } from '../deploy/template-value.ts'
import { textIn } from './aws-input.ts'
import type { AwsOperation } from './aws-service.ts'
import { validationError, withTemplateErrors, type CloudFormationContext } from './cloudformation-context.ts'
import { capabilitiesOf, declaredParameters, templateText, transformsOf } from './cloudformation-input.ts'

export function templateOperations(context: CloudFormationContext): Readonly<Record<string, AwsOperation>> {
  const { templates } = context.options
  return {
    ValidateTemplate: async ({ input }) => {
      const text = await templateText(context, input, undefined)
      return await withTemplateErrors(() => {
        const template = parsed(templates.parse(text))
        checkNames(template)
        return {
          Parameters: declaredParameters(template).map(({ key, declaration }) => ({
            ParameterKey: key,
            DefaultValue: optional(declaration['Default']),
            NoEcho: isNoEcho(declaration),
            Description: optional(declaration['Description']),
          })),
          Description: optional(template['Description']),
          ...neededCapabilities(template),
          DeclaredTransforms: transformsOf(template),
        }
      })
    },
    GetTemplateSummary: async ({ input }) => {
      const named = textIn(input, 'StackName') ?? textIn(input, 'StackSetName')
      const stack = named === undefined ? undefined : context.find(named)
      const text = stack === undefined ? await templateText(context, input, undefined) : stack.template
      return await withTemplateErrors(() => {
        const template = text === '' ? {} : parsed(templates.parse(text))
        const resources = Object.values(mapAt(template['Resources'], 'Resources'))
        return {
          Parameters: declaredParameters(template).map(({ key, declaration }) => ({
            ParameterKey: key,
            DefaultValue: optional(declaration['Default']),
            ParameterType: optional(declaration['Type']) ?? 'String',
            NoEcho: isNoEcho(declaration),
            Description: optional(declaration['Description']),
            ParameterConstraints: isList(declaration['AllowedValues'])
              ? { AllowedValues: declaration['AllowedValues'].map(spell) }
              : {},
          })),
          Description: optional(template['Description']),
          ...neededCapabilities(template),
          ResourceTypes: [...new Set(resources.map(typeOf))],
          Version: optional(template['AWSTemplateFormatVersion']),
          Metadata: template['Metadata'] === undefined ? undefined : JSON.stringify(template['Metadata']),
          DeclaredTransforms: transformsOf(template),
          ResourceIdentifierSummaries: [],
        }
      })
    },
    GetTemplate: async ({ input }) => {
      const { stack, text } = templateOf(context, input)
      const stage = textIn(input, 'TemplateStage') ?? 'Original'
      const body = stage === 'Processed' && text !== '' ? await processed(context, stack, text) : text
      return { TemplateBody: body, StagesAvailable: ['Original', 'Processed'] }
    },
  }
}

function templateOf(
  context: CloudFormationContext,
  input: Parameters<AwsOperation>[0]['input'],
): { readonly stack: StackRecord; readonly text: string } {
  const name = textIn(input, 'ChangeSetName')
  if (name === undefined) {
    const stack = context.stackIn(input)
    return { stack, text: stack.template }
  }
  const all = textIn(input, 'StackName') === undefined ? context.all() : [context.stackIn(input)]
  for (const stack of all) {
    const set = stack.changeSets.find((one) => one.id === name || one.name === name)
    if (set !== undefined) return { stack, text: set.template }
  }
  throw validationError(`ChangeSet [${name}] does not exist`)
}

/** With the transform carried out; intrinsics stay, as in the cloud. */
async function processed(
  context: CloudFormationContext,
  { name, id, parameters }: StackRecord,
  text: string,
): Promise<string> {
  const { template } = await withTemplateErrors(() =>
    context.options.templates.open({ stackName: name, stackId: id, text, parameters }),
  )
  const { Transform: _, Globals: __, ...rest } = template.source
  return JSON.stringify({ ...rest, Resources: template.resources })
}

function neededCapabilities(template: TemplateMap): object {
  const resources = Object.values(mapAt(template['Resources'], 'Resources')).map((one) => ({
    type: typeOf(one),
    properties: isMap(one) ? mapAt(one['Properties'], 'Properties') : {},
  }))
  const made = capabilitiesOf(resources)
  const capabilities = [...made, ...(transformsOf(template).length > 0 ? ['CAPABILITY_AUTO_EXPAND'] : [])]
  if (capabilities.length === 0) return {}
  const types = [...new Set(resources.map(({ type }) => type).filter((type) => type.startsWith('AWS::IAM::')))]
  const reason =
    made.length > 0
      ? `The following resource(s) require capabilities: [${types.join(', ')}]`
      : 'The following template(s) contain transforms'
  return { Capabilities: capabilities, CapabilitiesReason: reason }
}

/** @throws FnscopeError when there is no resource at all */
function parsed(template: TemplateMap): TemplateMap {
  if (Object.keys(mapAt(template['Resources'], 'Resources')).length === 0)
    throw validationError('Template format error: At least one Resources member must be defined.')
  return template
}

/** What a transform makes can be named as well: such a template is looked through once it is carried out. */
function checkNames(template: TemplateMap): void {
  if (transformsOf(template).length > 0) return
  const names = new Set([
    ...Object.keys(mapAt(template['Parameters'], 'Parameters')),
    ...Object.keys(mapAt(template['Resources'], 'Resources')),
  ])
  checkReferences(template, 'Template', (name) => names.has(name) || name.startsWith('AWS::'))
}

function optional(value: TemplateMap[string] | undefined): string | undefined {
  return value === undefined || value === null ? undefined : spell(value)
}
