// A stack as a template describes it: parameters, conditions, resources in the order they are made, outputs, nested stacks.
// The one reader under `fnscope deploy` and under CloudFormation's API. It installs nothing and starts nothing; functions
// are read from it by read-stack.ts.
import { withIncludes } from './include.ts'
import { resolveValue } from './intrinsics.ts'
import type { Files, Lookups } from './lookups.ts'
import { openTemplate, type OpenTemplate } from './open-template.ts'
import { readOutputs, type StackOutput } from './outputs.ts'
import type { NameSeed } from './physical-name.ts'
import { resourceGraph, type StackResource } from './resource-graph.ts'
import { stackIdOf } from './scope.ts'
import {
  invalid,
  isMap,
  mapAt,
  spell,
  STACK_TYPE,
  type TemplateMap,
  type TemplateValue,
  typeOf,
} from './template-value.ts'
import { parseTemplate } from './template-yaml.ts'

export interface StackOptions {
  /** Text, or already parsed. */
  readonly template: string | TemplateMap
  /** What messages call it. */
  readonly file: string
  /** What relative paths in it are relative to; absent: it may name none. */
  readonly dir?: string
  readonly stack: string
  readonly stackId?: string
  /** Part of what derived names come from; absent: the stack's name alone. */
  readonly appDir?: string
  readonly region: string
  readonly accountId: string
  readonly parameters?: Readonly<Record<string, string>>
  readonly lookups?: Lookups
  readonly files?: Files
  readonly notice: (text: string) => void
}

export interface Stack {
  readonly name: string
  readonly id: string
  readonly seed: NameSeed
  readonly options: StackOptions
  readonly template: OpenTemplate
  /** In create order. */
  readonly resources: readonly StackResource[]
  readonly outputs: readonly StackOutput[]
  /** Exports of other stacks that it names, nested stacks apart. */
  readonly imports: readonly string[]
  readonly conditions: Readonly<Record<string, boolean>>
  /** By the logical id of the resource that holds it. */
  readonly nested: ReadonlyMap<string, Stack>
}

const MOST_NESTED = 20

/** @throws FnscopeError FNS_TEMPLATE_INVALID, before anything is changed */
export async function openStack(options: StackOptions): Promise<Stack> {
  const parsed = typeof options.template === 'string' ? parseTemplate(options.template, options.file) : options.template
  const source = await withIncludes(parsed, options)
  const seed = { appDir: options.appDir ?? '', stack: options.stack }
  const { region, accountId } = options
  const id = options.stackId ?? stackIdOf(seed, { region, accountId })
  const nested = new Map<string, Stack>()
  const template = openTemplate(source, {
    ...options,
    seed,
    stackId: id,
    parameters: options.parameters ?? {},
    nestedOutput: (logicalId, output, place) => nestedOutput(nested.get(logicalId), output, place),
  })
  for (const logicalId of nestedIds(template)) {
    const child = await openNested(logicalId, template, { ...options, seed })
    if (child) nested.set(logicalId, child)
  }
  const conditions = Object.keys(mapAt(source['Conditions'], 'Conditions')).map(
    (name) => [name, template.scope.condition(name, `Conditions.${name}`)] as const,
  )
  return {
    name: options.stack,
    id,
    seed,
    options,
    template,
    resources: resourceGraph(template),
    outputs: readOutputs(template),
    imports: [...template.scope.imports],
    conditions: Object.fromEntries(conditions),
    nested,
  }
}

// A nested stack whose parameters come from another's outputs is opened after that one.
function nestedIds(template: OpenTemplate): string[] {
  const ids = Object.keys(template.resources).filter((id) => isStack(template.resources[id]))
  const text = (id: string): string => JSON.stringify(template.resources[id])
  const done: string[] = []
  const visit = (id: string, path: readonly string[]): void => {
    if (done.includes(id) || path.includes(id)) return
    for (const other of ids) if (other !== id && text(id).includes(`"${other}`)) visit(other, [...path, id])
    done.push(id)
  }
  for (const id of ids) visit(id, [])
  return done
}

function isStack(resource: TemplateMap | undefined): boolean {
  return typeOf(resource) === STACK_TYPE
}

async function openNested(
  logicalId: string,
  { resources, scope }: OpenTemplate,
  options: StackOptions & { readonly seed: NameSeed },
): Promise<Stack | undefined> {
  const place = `Resources.${logicalId}.Properties`
  const properties = mapAt(resources[logicalId]?.['Properties'], place)
  const stackId = scope.physicalIdOf(logicalId)
  const other = options.lookups?.nestedAs?.(stackId)
  const url = resolveValue(properties['TemplateURL'] ?? '', scope, `${place}.TemplateURL`)
  const found =
    other !== undefined
      ? { text: other.text, file: spell(url), dir: undefined }
      : typeof url === 'string' && url !== ''
        ? await options.files?.template?.(url, options.dir)
        : undefined
  if (found === undefined) {
    options.notice(
      `${logicalId}: the template ${spell(url) || 'of the application'} is not at hand; it is not emulated.`,
    )
    return undefined
  }
  const depth = (options.appDir ?? '').split('>').length
  if (depth > MOST_NESTED) throw invalid(`${options.file}: ${place}.TemplateURL nests stacks without an end.`)
  const given = resolveValue(properties['Parameters'] ?? {}, scope, `${place}.Parameters`)
  const parameters = Object.fromEntries(
    Object.entries(isMap(given) ? given : {}).map(([name, value]) => [name, parameterText(value)]),
  )
  const { dir: _, lookups: { attribute: __, physicalId: ___, nested, ...around } = {}, ...rest } = options
  return await openStack({
    ...rest,
    template: found.text,
    file: found.file,
    ...(found.dir === undefined ? {} : { dir: found.dir }),
    lookups: { ...around, ...nested?.(logicalId) },
    stack: scope.nameOf(logicalId, place),
    stackId,
    appDir: `${options.appDir ?? ''}>${logicalId}`,
    parameters: other?.parameters ?? parameters,
  })
}

function parameterText(value: TemplateValue): string {
  return Array.isArray(value) ? value.map(spell).join(',') : spell(value)
}

function nestedOutput(stack: Stack | undefined, output: string, place: string): TemplateValue | undefined {
  if (stack === undefined) return undefined
  const found = stack.outputs.find(({ key }) => key === output)
  if (found === undefined)
    throw invalid(`${place} asks for output ${output}, which ${stack.options.file} does not have.`)
  return found.value
}
