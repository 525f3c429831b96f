// An app directory to an AppSpec: finds the template, gives every name its value, reads functions, APIs and outputs.
// Installs dependencies where `sam build` has not; starts nothing.
import { basename, dirname, relative, resolve } from 'node:path'
import { readFile } from 'node:fs/promises'
import { FnscopeError } from '../errors.ts'
import type { AppSpec, FunctionSpec, SegmentStyle } from '../functions/function-spec.ts'
import type { AppContext } from './app-context.ts'
import { findTemplate, type FoundTemplate } from './find-template.ts'
import { readFunction } from './function.ts'
import { withGlobals } from './globals.ts'
import { resolveValue } from './intrinsics.ts'
import { readParameters } from './parameters.ts'
import { stackNameFrom } from './physical-name.ts'
import { checkCycles, checkReferences } from './references.ts'
import { readSamConfig } from './samconfig.ts'
import { openScope } from './scope.ts'
import { readServerlessDevs, SERVERLESS_DEVS_NAMES } from './serverless-devs.ts'
import { invalid, isMap, mapAt, type TemplateMap, type TemplateValue, typeOf } from './template-value.ts'
import { parseTemplate } from './template-yaml.ts'
import { readTriggers, TRIGGER_TYPES } from './triggers.ts'

const FUNCTION_TYPES = new Set(['AWS::Serverless::Function', 'AWS::Lambda::Function'])

// Read here, or only a name that others refer to: nothing is missing when these are not run.
const SILENT_TYPES = new Set([
  ...FUNCTION_TYPES,
  ...TRIGGER_TYPES,
  'AWS::Serverless::LayerVersion',
  'AWS::Lambda::LayerVersion',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::CDK::Metadata',
])

export interface ReadAppOptions {
  readonly region: string
  readonly accountId: string
  readonly cacheDir: string
  readonly findPython: (runtime: string) => Promise<string>
  readonly stackName?: string
  /** Overrides what templates say. */
  readonly segmentStyle?: SegmentStyle
  /** Whether Function Compute's functions are traced; template: as s.yaml says. */
  readonly fcTracing?: 'on' | 'off' | 'template'
  /** Template parameters; they win over samconfig.toml. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Each notice as it is found; all of them are in AppSpec.notices too. */
  readonly notify?: (notice: string) => void
  readonly onProgress?: (line: string) => void
}

/**
 * `path` is the app's directory or its template file.
 * @throws FnscopeError FNS_APP_NOT_FOUND, FNS_TEMPLATE_INVALID, FNS_TEMPLATE_NO_FUNCTION, FNS_TEMPLATE_NO_HANDLER,
 * FNS_CODE_NOT_FOUND, FNS_BUILD_FAILED, and what findPython throws
 */
export async function readApp(path: string, options: ReadAppOptions): Promise<AppSpec> {
  const notices: string[] = []
  const notice = (text: string): void => {
    if (notices.includes(text)) return
    notices.push(text)
    options.notify?.(text)
  }
  const found = await findTemplate(path)
  if (found.notice !== undefined) notice(found.notice)
  if (SERVERLESS_DEVS_NAMES.includes(basename(found.file)))
    return await readServerlessDevs(found, options, { all: notices, add: notice })
  const { context, template } = await openApp(found, options, notice)
  const functions = await readFunctions(context)
  const triggers = readTriggers(context, template, functions)
  noteUnknown(context)
  return {
    dir: found.appDir,
    stack: context.seed.stack,
    region: options.region,
    accountId: options.accountId,
    functions,
    triggers,
    outputs: readOutputs(context, template),
    notices,
  }
}

async function openApp(
  found: FoundTemplate,
  options: ReadAppOptions,
  notice: (text: string) => void,
): Promise<{ readonly context: AppContext; readonly template: TemplateMap }> {
  const file = relative(process.cwd(), found.file).startsWith('..') ? found.file : relative(process.cwd(), found.file)
  const source = parseTemplate(await readFile(found.file, 'utf8'), file)
  const config = await readSamConfig(found.appDir)
  const stack = options.stackName ?? config.stackName ?? stackNameFrom(basename(found.appDir))
  const seed = { appDir: found.appDir, stack }
  const parameters = readParameters(source, { ...config.parameterOverrides, ...options.parameters }, file)
  const template = { ...source, Resources: mergeAllGlobals(source, file) }
  const { region, accountId } = options
  const scope = openScope(template, { file, seed, region, accountId, parameters, notice })
  checkReferences(template, file, scope.knows)
  const resources = Object.fromEntries(
    Object.entries(template.Resources).filter(([id, resource]) => {
      const condition = isMap(resource) ? resource['Condition'] : undefined
      return typeof condition !== 'string' || scope.condition(condition, `Resources.${id}.Condition`)
    }),
  )
  checkCycles(resources, file)
  const context: AppContext = {
    file,
    templateDir: dirname(found.file),
    appDir: found.appDir,
    built: found.built,
    seed,
    region,
    accountId,
    resources,
    scope,
    build: {
      cacheDir: resolve(options.cacheDir),
      findPython: options.findPython,
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    },
    ...(options.segmentStyle === undefined ? {} : { segmentStyle: options.segmentStyle }),
    notice,
  }
  return { context, template }
}

function mergeAllGlobals(template: TemplateMap, file: string): Record<string, TemplateMap> {
  const merged: Record<string, TemplateMap> = {}
  for (const [id, resource] of Object.entries(mapAt(template['Resources'], `${file}: Resources`))) {
    const place = `Resources.${id}`
    if (id.startsWith('Fn::ForEach')) throw invalid(`${file}: ${place}: fnscope does not read Fn::ForEach.`)
    if (!isMap(resource) || typeof resource['Type'] !== 'string') {
      throw invalid(`${file}: ${place} must be a map with a Type.`)
    }
    merged[id] = { ...resource, Properties: withGlobals(template, resource, `${file}: ${place}`) }
  }
  return merged
}

async function readFunctions(context: AppContext): Promise<FunctionSpec[]> {
  const ids = Object.entries(context.resources)
    .filter(([, resource]) => FUNCTION_TYPES.has(typeOf(resource)))
    .map(([id]) => id)
  const functions: FunctionSpec[] = []
  const names = new Map<string, string>()
  for (const id of ids) {
    const spec = await readFunction(context, id)
    if (spec === undefined) continue
    const twin = names.get(spec.name)
    if (twin !== undefined)
      throw invalid(`${context.file}: functions ${twin} and ${id} have the same name ${spec.name}.`)
    names.set(spec.name, id)
    functions.push(spec)
  }
  if (functions.length === 0) {
    throw new FnscopeError(
      'FNS_TEMPLATE_NO_FUNCTION',
      `${context.file} has no function that can run here` +
        (ids.length > 0 ? `: ${ids.join(', ')} live in container images.` : '.') +
        ' Add a resource of type AWS::Serverless::Function with a CodeUri, a Handler and a Runtime.',
    )
  }
  return functions
}

function noteUnknown(context: AppContext): void {
  for (const [id, resource] of Object.entries(context.resources)) {
    const type = typeOf(resource)
    if (SILENT_TYPES.has(type) || type.startsWith('AWS::IAM::')) continue
    context.notice(`${id} (${type}) is not emulated.`)
  }
}

function readOutputs(context: AppContext, template: TemplateMap): Record<string, string> {
  const outputs: Record<string, string> = {}
  for (const [key, output] of Object.entries(mapAt(template['Outputs'], 'Outputs'))) {
    const place = `Outputs.${key}`
    if (!isMap(output)) throw invalid(`${context.file}: ${place} must be a map with a Value.`)
    const condition = output['Condition']
    if (typeof condition === 'string' && !context.scope.condition(condition, place)) continue
    const value = resolveOutput(context, output['Value'], place)
    if (value !== undefined) outputs[key] = value
  }
  return outputs
}

function resolveOutput(context: AppContext, raw: TemplateValue | undefined, place: string): string | undefined {
  const value = raw === undefined ? undefined : resolveValue(raw, context.scope, `${place}.Value`)
  if (value === undefined) throw invalid(`${context.file}: ${place} has no Value.`)
  return typeof value === 'string' ? value : JSON.stringify(value)
}
