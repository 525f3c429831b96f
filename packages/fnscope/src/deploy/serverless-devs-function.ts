// One function of s.yaml, of either edition, to a FunctionSpec.
import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { FnscopeError, messageOf } from '../errors.ts'
import type { FcHook, FcSpec, FunctionSpec } from '../functions/function-spec.ts'
import { isDirectory } from './app-context.ts'
import { buildRequirements } from './build.ts'
import type { ReadAppOptions } from './read-app.ts'
import { readFcAsynchronous } from './serverless-devs-asynchronous.ts'
import {
  describe,
  invalid,
  isList,
  isMap,
  mapAt,
  spell,
  type TemplateMap,
  type TemplateValue,
} from './template-value.ts'
import { integerOf } from './value-reader.ts'

/** A function's settings, wherever its edition has them. */
export interface FcSettings {
  /** The resource's or service's name in the file. */
  readonly id: string
  readonly place: string
  readonly edition: FcSpec['edition']
  readonly service: string
  /** name, runtime, handler, timeout, memorySize, environmentVariables, layers, port … */
  readonly function: TemplateMap
  readonly code: TemplateValue | undefined
  /** initializer, preFreeze, preStop */
  readonly hooks: TemplateMap
  readonly tracing: TemplateValue | undefined
  readonly log: TemplateMap
  /** name, type, config */
  readonly triggers: readonly TemplateMap[]
}

export interface FcContext extends ReadAppOptions {
  readonly file: string
  readonly dir: string
  readonly stack: string
  readonly notice: (text: string) => void
}

const RUNTIMES = /^(python3(\.\d+)?|nodejs\d+|custom(\.[a-z0-9]+)?)$/
/** What the cloud's Python images have: OpenTelemetry of the day and older SDKs import pkg_resources, which 80.9 warns of and 82 left out. */
const IMAGE_SETUPTOOLS = 'setuptools<80.9'

/** @throws FnscopeError FNS_TEMPLATE_INVALID, FNS_TEMPLATE_NO_HANDLER, FNS_CODE_NOT_FOUND, FNS_BUILD_FAILED */
export async function readFcFunction(settings: FcSettings, context: FcContext): Promise<FunctionSpec> {
  const own = settings.function
  const at = (key: string): string => `${context.file}: ${settings.place}.${key}`
  const integer = (key: string, least: number, most: number): number | undefined =>
    own[key] === undefined || own[key] === null ? undefined : integerOf(own[key], at(key), least, most)
  const runtime = spell(own['runtime'])
  if (!RUNTIMES.test(runtime))
    throw invalid(
      `${at('runtime')} is ${runtime === '' ? 'missing' : `"${runtime}"`}; fnscope runs python3, python3.x, nodejsX, custom and custom.debianX. Container images are not emulated.`,
    )
  const custom = runtime.startsWith('custom')
  const handler = spell(own['handler'])
  if (!custom && !/^[\w./-]+\.\w+$/.test(handler))
    throw new FnscopeError(
      'FNS_TEMPLATE_NO_HANDLER',
      `${at('handler')} is ${handler === '' ? 'missing' : `"${handler}"`}; it names a file and a function, as handler: index.handler.`,
    )
  const name = spell(own['name'])
  if (!/^[A-Za-z_][\w-]{0,127}$/.test(name))
    throw invalid(`${at('name')} must be a letter or _, then letters, digits, - or _, 128 at most, not "${name}".`)
  const codeDir = await readCode(settings, context)
  const traced = tracingOf(settings, context)
  return {
    name,
    logicalId: settings.id,
    stack: context.stack,
    runtime,
    handler: handler || 'index.handler',
    codeDir,
    dependencyDirs: runtime.startsWith('python') ? await pythonDirs(settings, context, { codeDir, runtime }) : [],
    layerDirs: layersOf(settings, context),
    environment: environmentOf(own['environmentVariables'], at('environmentVariables')),
    timeoutSeconds: integer('timeout', 1, 86_400) ?? 3,
    memoryMb: integer('memorySize', 128, 32_768) ?? 512,
    tracing: traced ? 'Active' : 'PassThrough',
    segmentStyle: 'new',
    logFormat: 'Text',
    logGroup: `/fc/${settings.service === '' ? '' : `${settings.service}/`}${name}`,
    architecture: 'x86_64',
    ephemeralStorageMb: integer('diskSize', 512, 10_240) ?? 512,
    asynchronous: readFcAsynchronous(settings, context),
    description: spell(own['description']),
    tags: {},
    fc: {
      edition: settings.edition,
      service: settings.service,
      ...hooksOf(settings, context),
      ...(custom ? { custom: { command: commandOf(own, at), port: integer('port', 1, 65_535) ?? 9000 } } : {}),
      ...concurrencyOf(integer('instanceConcurrency', 1, 200), { runtime, id: settings.id }, context),
      logProject: spell(settings.log['project']),
      logStore: spell(settings.log['logstore']),
    },
  }
}

async function readCode(settings: FcSettings, context: FcContext): Promise<string> {
  const where = `${context.file}: ${settings.place}.${settings.edition === '3' ? 'code' : 'codeUri'}`
  const fail = (text: string): FnscopeError => new FnscopeError('FNS_CODE_NOT_FOUND', `${where} ${text}`)
  const { code } = settings
  const path = isMap(code) ? code['src'] : code
  if (path === undefined || path === null) throw fail('is missing. Name the directory with the code: ./code')
  if (typeof path !== 'string') throw fail(`is ${describe(path)}; fnscope runs code from a local directory.`)
  const dir = resolve(context.dir, path)
  // Edition 2's `s build` leaves code and dependencies here; edition 3's beside the code.
  const built = join(context.dir, '.s', 'build', 'artifacts', settings.service, spell(settings.function['name']))
  if (settings.edition === '2' && (await isDirectory(built))) return built
  if (await isDirectory(dir)) return dir
  throw fail(`is ${path}, and ${dir} is no directory. Correct the path; a zip or jar must be unpacked first.`)
}

/** Where requirements.txt asks for packages, they and what the cloud's image has. */
async function pythonDirs(
  settings: FcSettings,
  context: FcContext,
  code: { readonly codeDir: string; readonly runtime: string },
): Promise<string[]> {
  const own = await readFile(join(code.codeDir, 'requirements.txt'), 'utf8').catch(() => '')
  const runtime = code.runtime === 'python3' ? 'python3.6' : code.runtime
  const wants = { runtime, dir: code.codeDir, label: `function ${settings.id}` }
  const asked = own.split(/\r?\n/).some((line) => /^\s*[^#\s]/.test(line))
  // What `s build` or pip put beside the code is there already, as its author wanted it.
  const text = asked && /^\s*setuptools\b/im.test(own) ? own : `${own}\n${IMAGE_SETUPTOOLS}\n`
  try {
    const build = await buildRequirements({ ...wants, text }, context)
    return build ? [build.pythonDir] : []
  } catch (error) {
    if (asked) throw error
    context.notice(`${settings.id} runs without setuptools, which the cloud's image has: ${messageOf(error)}`)
    return []
  }
}

function environmentOf(value: TemplateValue | undefined, place: string): Record<string, string> {
  return Object.fromEntries(Object.entries(mapAt(value, place)).map(([key, text]) => [key, spell(text)]))
}

function hooksOf(settings: FcSettings, context: FcContext): Pick<FcSpec, 'initializer' | 'preFreeze' | 'preStop'> {
  const hook = (key: string, longest: number): FcHook | undefined => {
    const place = `${context.file}: ${settings.place}.instanceLifecycleConfig.${key}`
    const said = mapAt(settings.hooks[key], place)
    const handler = spell(said['handler'])
    if (handler === '' || handler === 'null') return undefined
    const timeout = said['timeout'] ?? null
    return { handler, timeoutSeconds: timeout === null ? 3 : integerOf(timeout, `${place}.timeout`, 1, longest) }
  }
  const initializer = hook('initializer', 600)
  const preFreeze = hook('preFreeze', 90)
  const preStop = hook('preStop', 90)
  return {
    ...(initializer && { initializer }),
    ...(preFreeze && { preFreeze }),
    ...(preStop && { preStop }),
  }
}

/** Off unless the template says otherwise, as on the cloud; fnscope's own switch goes before it. */
function tracingOf({ tracing, id }: FcSettings, { fcTracing = 'template', notice }: FcContext): boolean {
  if (fcTracing !== 'template') return fcTracing === 'on'
  const said = isMap(tracing) ? spell(tracing['type'] ?? 'Jaeger') : spell(tracing)
  const on = isMap(tracing)
    ? Object.keys(tracing).length > 0 && /^jaeger$/i.test(said)
    : /^(enable|true|jaeger)$/i.test(said)
  if (tracing === undefined || tracing === null)
    notice(
      `${id} has no tracingConfig: as on the cloud it is not traced and its span_context is empty. FNSCOPE_FC_TRACING=on traces it here.`,
    )
  return on
}

function layersOf(settings: FcSettings, context: FcContext): string[] {
  const dirs: string[] = []
  const { layers } = settings.function
  for (const [index, layer] of (isList(layers) ? layers : []).entries()) {
    const path = spell(layer)
    const dir = resolve(context.dir, path)
    if (!path.startsWith('acs:') && existsSync(dir) && statSync(dir).isDirectory()) dirs.push(dir)
    else
      context.notice(
        `${settings.id}: layers[${index}] (${path}) lies in the cloud and is left out; name a local directory to run with it.`,
      )
  }
  return dirs
}

/** Requests that one instance serves at once. Python's runtime takes one, whatever is said. */
function concurrencyOf(
  said: number | undefined,
  { runtime, id }: { readonly runtime: string; readonly id: string },
  { notice }: FcContext,
): Pick<FcSpec, 'instanceConcurrency'> {
  if (said === undefined || said === 1) return {}
  if (!runtime.startsWith('python')) return { instanceConcurrency: said }
  notice(`${id}: instanceConcurrency ${said} is left out: an instance of ${runtime} serves one request at a time.`)
  return {}
}

function commandOf(own: TemplateMap, at: (key: string) => string): string[] {
  const config = mapAt(own['customRuntimeConfig'], at('customRuntimeConfig'))
  const list = (key: string): string[] => {
    const value = config[key]
    if (value === undefined || value === null) return []
    if (!isList(value)) throw invalid(`${at(`customRuntimeConfig.${key}`)} must be a list, not ${describe(value)}.`)
    return value.map(spell)
  }
  return [...list('command'), ...list('args')]
}
