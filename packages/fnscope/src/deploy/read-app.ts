// An app directory to an AppSpec: finds the template, samconfig.toml and the files it names, and has the stack read.
import { readFile } from 'node:fs/promises'
import { basename, dirname, relative, resolve } from 'node:path'
import { FnscopeError } from '../errors.ts'
import type { AppSpec, SegmentStyle } from '../functions/function-spec.ts'
import { findAssembly } from './cdk-assembly.ts'
import { findTemplate, type FoundTemplate } from './find-template.ts'
import type { Files, Lookups, MadeLookups, TemplateFile } from './lookups.ts'
import { stackNameFrom } from './physical-name.ts'
import { FUNCTION_TYPES, readStack } from './read-stack.ts'
import { readSamConfig, type SamConfig } from './samconfig.ts'
import { openAssembly } from './read-assembly.ts'
import { readServerlessDevs, SERVERLESS_DEVS_NAMES } from './serverless-devs.ts'
import { openStack, type Stack } from './stack.ts'
import { invalid, mapAt, type TemplateMap, typeOf } from './template-value.ts'
import { parseTemplate } from './template-yaml.ts'

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
  readonly lookups?: Lookups
  /** What the resources of a stack answered when they were made, by the stack's name. */
  readonly made?: (stack: string) => MadeLookups
  readonly files?: Files
}

/** An app whose templates were opened, and of which nothing was built. */
export interface OpenApp {
  /** In the order of their dependencies; a project of Serverless Devs has none. */
  readonly stacks: readonly Stack[]
  /** @throws what readApp throws */
  read(): Promise<AppSpec>
}

/**
 * `path` is the app's directory or its template file.
 * @throws FnscopeError FNS_APP_NOT_FOUND, FNS_TEMPLATE_INVALID, FNS_TEMPLATE_NO_FUNCTION, FNS_TEMPLATE_NO_HANDLER,
 * FNS_CODE_NOT_FOUND, FNS_BUILD_FAILED, and what findPython throws
 */
export async function readApp(path: string, options: ReadAppOptions): Promise<AppSpec> {
  return await (await openApp(path, options)).read()
}

/** @throws what readApp throws */
export async function openApp(path: string, options: ReadAppOptions): Promise<OpenApp> {
  const notices: string[] = []
  const notice = (text: string): void => {
    if (notices.includes(text)) return
    notices.push(text)
    options.notify?.(text)
  }
  const assembly = await findAssembly(path)
  if (assembly !== undefined) {
    const opened = await openAssembly(assembly, options, notice)
    return { ...opened, read: async () => ({ ...(await opened.read()), notices }) }
  }
  const found = await findTemplate(path)
  if (found.notice !== undefined) notice(found.notice)
  if (SERVERLESS_DEVS_NAMES.includes(basename(found.file)))
    return { stacks: [], read: () => readServerlessDevs(found, options, { all: notices, add: notice }) }
  const stack = await openFound(found, options, notice)
  return {
    stacks: [stack],
    async read() {
      const app = await readStack(stack, { ...options, built: found.built })
      if (app.functions.length === 0) throw noFunction(stack)
      return { ...app, notices }
    },
  }
}

async function openFound(
  found: FoundTemplate,
  options: ReadAppOptions,
  notice: (text: string) => void,
): Promise<Stack> {
  const { region, accountId } = options
  const config = await readSamConfig(found.appDir)
  const template = parseTemplate(await readFile(found.file, 'utf8'), shown(found.file))
  // samconfig.toml may speak for several templates, the caller means this one
  checkNames(options.parameters ?? {}, mapAt(template['Parameters'], 'Parameters'), shown(found.file))
  const name = options.stackName ?? nameOf(found, config)
  return await openStack({
    template,
    file: shown(found.file),
    dir: dirname(found.file),
    appDir: found.appDir,
    stack: name,
    region,
    accountId,
    parameters: { ...config.parameterOverrides, ...options.parameters },
    files: {
      ...options.files,
      template: async (path, dir) => (await localTemplate(path, dir)) ?? (await options.files?.template?.(path, dir)),
    },
    notice,
    lookups: { ...options.lookups, ...options.made?.(name) },
  })
}

/** As samconfig.toml says, unless it speaks of another template than this one. */
function nameOf({ appDir, ownName, file }: FoundTemplate, { stackName, templateFile }: SamConfig): string {
  const isMeant = ownName === undefined || templateFile === undefined || resolve(appDir, templateFile) === file
  if (stackName !== undefined && isMeant) return stackName
  const app = basename(appDir)
  return stackNameFrom(ownName === undefined ? app : `${app}-${ownName}`)
}

function checkNames(given: Readonly<Record<string, string>>, declared: TemplateMap, file: string): void {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(declared, name))
  if (unknown.length === 0) return
  const known = Object.keys(declared).join(', ') || 'none'
  throw invalid(`Parameters: [${unknown.join(', ')}] do not exist in the template. ${file} has ${known}.`)
}

function shown(file: string): string {
  const near = relative(process.cwd(), file)
  return near.startsWith('..') ? file : near
}

/** A nested template or a snippet beside the one that names it. */
async function localTemplate(path: string, dir: string | undefined): Promise<TemplateFile | undefined> {
  if (dir === undefined || /^(https?|s3):/.test(path)) return undefined
  const file = resolve(dir, path)
  const text = await readFile(file, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : { text, file: shown(file), dir: dirname(file) }
}

function noFunction({ template }: Stack): FnscopeError {
  const ids = Object.keys(template.sources).filter((id) => FUNCTION_TYPES.has(typeOf(template.sources[id])))
  return new FnscopeError(
    'FNS_TEMPLATE_NO_FUNCTION',
    `${template.file} has no function that can run here` +
      (ids.length > 0 ? `: ${ids.join(', ')} live in container images.` : '.') +
      ' Add a resource of type AWS::Serverless::Function with a CodeUri, a Handler and a Runtime.',
  )
}
