// The functions of an open stack and of those nested in it, and what calls them, as the platform runs them. Unpacks code
// and installs dependencies where nobody has; starts nothing.
import { resolve } from 'node:path'
import type { AppSpec, FunctionSpec, SegmentStyle } from '../functions/function-spec.ts'
import { NO_TRIGGERS, type AppTriggers } from '../functions/trigger-spec.ts'
import type { AppContext, LayersByArn } from './app-context.ts'
import { isSilent } from './emulated-types.ts'
import { readFunction } from './function.ts'
import type { Stack } from './stack.ts'
import { invalid, typeOf } from './template-value.ts'
import { readTriggers } from './triggers.ts'

export const FUNCTION_TYPES: ReadonlySet<string> = new Set(['AWS::Serverless::Function', 'AWS::Lambda::Function'])

export interface ReadStackOptions {
  readonly cacheDir: string
  readonly findPython: (runtime: string) => Promise<string>
  /** Written by `sam build`: dependencies already lie beside the code. */
  readonly built?: boolean
  /** Overrides what templates say. */
  readonly segmentStyle?: SegmentStyle
  readonly onProgress?: (line: string) => void
}

/**
 * `notices` are empty: they went to the stack's `notice` as they were found.
 * @throws FnscopeError FNS_TEMPLATE_INVALID, FNS_TEMPLATE_NO_HANDLER, FNS_CODE_NOT_FOUND, FNS_BUILD_FAILED, and what
 * findPython throws
 */
export async function readStack(stack: Stack, options: ReadStackOptions): Promise<AppSpec> {
  return await readWithLayers(stack, options, new Map())
}

async function readWithLayers(stack: Stack, options: ReadStackOptions, layersByArn: LayersByArn): Promise<AppSpec> {
  const context = contextOf(stack, options, layersByArn)
  for (const { logicalId, type, physicalId } of stack.resources) {
    if (type === 'AWS::Lambda::LayerVersion')
      layersByArn.set(physicalId, { context, logicalId: sourceId(stack, logicalId) })
  }
  const functions = await readFunctions(context)
  let triggers = readTriggers(context, stack.template.source, functions)
  noteUnknown(stack)
  for (const nested of stack.nested.values()) {
    const inner = await readWithLayers(nested, options, layersByArn)
    functions.push(...inner.functions)
    triggers = joined(triggers, inner.triggers)
  }
  checkNames(functions, stack.options.file)
  return {
    dir: context.appDir,
    stack: stack.name,
    region: stack.options.region,
    accountId: stack.options.accountId,
    functions,
    triggers,
    outputs: Object.fromEntries(stack.outputs.map(({ key, value }) => [key, value])),
    notices: [],
  }
}

/** Several stacks as one app. */
export function joinApps(
  apps: readonly AppSpec[],
  { name, region, accountId }: { readonly name: string; readonly region: string; readonly accountId: string },
): AppSpec {
  return {
    dir: '',
    stack: name,
    region,
    accountId,
    functions: apps.flatMap(({ functions }) => functions),
    triggers: apps.reduce((all, { triggers }) => joined(all, triggers), NO_TRIGGERS),
    outputs: Object.assign({}, ...apps.map(({ outputs }) => outputs)) as Record<string, string>,
    notices: [],
  }
}

/** A layer's id in the source, where SAM gave it another. */
function sourceId({ template }: Stack, logicalId: string): string {
  for (const [source, now] of template.renamed) if (now === logicalId && !source.includes('.')) return source
  return logicalId
}

function contextOf(stack: Stack, options: ReadStackOptions, layersByArn: LayersByArn): AppContext {
  const { template, options: asked, seed } = stack
  const cacheDir = resolve(options.cacheDir)
  return {
    file: template.file,
    templateDir: asked.dir ?? cacheDir,
    appDir: asked.appDir?.split('>')[0] || (asked.dir ?? cacheDir),
    built: options.built ?? false,
    seed,
    region: asked.region,
    accountId: asked.accountId,
    resources: template.sources,
    scope: template.scope,
    build: {
      cacheDir,
      findPython: options.findPython,
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    },
    files: asked.files ?? {},
    layersByArn,
    ...(options.segmentStyle === undefined ? {} : { segmentStyle: options.segmentStyle }),
    notice: asked.notice,
  }
}

async function readFunctions(context: AppContext): Promise<FunctionSpec[]> {
  const functions: FunctionSpec[] = []
  for (const [id, resource] of Object.entries(context.resources)) {
    if (!FUNCTION_TYPES.has(typeOf(resource))) continue
    const spec = await readFunction(context, id)
    if (spec !== undefined) functions.push(spec)
  }
  return functions
}

function checkNames(functions: readonly FunctionSpec[], file: string): void {
  const names = new Map<string, string>()
  for (const { name, logicalId } of functions) {
    const twin = names.get(name)
    if (twin !== undefined) throw invalid(`${file}: functions ${twin} and ${logicalId} have the same name ${name}.`)
    names.set(name, logicalId)
  }
}

function joined(outer: AppTriggers, inner: AppTriggers): AppTriggers {
  const both = Object.entries(outer).map(([kind, list]) => [
    kind,
    [...(list as readonly unknown[]), ...(inner[kind as keyof AppTriggers] as readonly unknown[])],
  ])
  return Object.fromEntries(both) as AppTriggers
}

function noteUnknown({ template, options }: Stack): void {
  for (const [id, resource] of Object.entries(template.sources)) {
    const type = typeOf(resource)
    if (isSilent(type)) continue
    options.notice(`${id} (${type}) is not emulated.`)
  }
}
