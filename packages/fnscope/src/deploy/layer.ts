// Layers: the template's own directories, and packages that stand in for those of other accounts (foreign-layer.ts).
import { createHash, randomUUID } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { FnscopeError } from '../errors.ts'
import { isDirectory, pathFrom, Properties, type AppContext } from './app-context.ts'
import { buildRequirements } from './build.ts'
import { buildForeignLayer } from './build-foreign-layer.ts'
import { foreignLayer } from './foreign-layer.ts'
import { resolveValue, textOf } from './intrinsics.ts'
import { isArchive, s3PlaceOf } from './s3-place.ts'
import { describe, intrinsicOf, invalid, isList, isMap, type TemplateValue, typeOf } from './template-value.ts'

const LAYER_TYPES = new Set(['AWS::Serverless::LayerVersion', 'AWS::Lambda::LayerVersion'])
const MOST_LAYERS = 5

export interface Layers {
  /** That stand for /opt, in list order. */
  readonly dirs: readonly string[]
  /** DataKit's is among them: what it does in the cloud the platform does itself. */
  readonly datakit: boolean
}

/** Whether the layer's name, or the logical id of the app's own, is DataKit's. */
export function isDatakitLayer(arnOrId: string): boolean {
  return /datakit/i.test(/:layer:([^:]+)/.exec(arnOrId)?.[1] ?? arnOrId)
}

/** @throws FnscopeError FNS_CODE_NOT_FOUND, FNS_BUILD_FAILED */
export async function readLayers(context: AppContext, properties: Properties, runtime: string): Promise<Layers> {
  const raw = properties.raw['Layers']
  if (raw === undefined || raw === null) return { dirs: [], datakit: false }
  const place = properties.at('Layers')
  const items = isList(raw) ? raw : properties.value('Layers')
  if (!isList(items)) throw invalid(`${place} must be a list.`)
  if (items.length > MOST_LAYERS) throw invalid(`${place} has ${items.length} layers; a function takes ${MOST_LAYERS}.`)
  const dirs: string[] = []
  let datakit = false
  for (const [index, item] of items.entries()) {
    const place = `${properties.place}.Layers[${index}]`
    const id = localLayerId(context, item)
    const name = id ?? readArn(context, item, place)
    if (name === undefined) continue
    if (isDatakitLayer(name)) {
      datakit = true
      context.notice(`${place}: what DataKit's layer (${name}) does, fnscope does itself; nothing is installed for it.`)
    } else if (id !== undefined) dirs.push(...(await readLocalLayer(context, id, runtime)))
    else if (context.layersByArn.has(name)) {
      const own = context.layersByArn.get(name)!
      dirs.push(...(await readLocalLayer(own.context, own.logicalId, runtime)))
    } else dirs.push(...(await readForeignLayer(context, name, place, runtime)))
  }
  return { dirs, datakit }
}

/** Undefined: the template leaves the item out. */
function readArn(context: AppContext, item: TemplateValue, place: string): string | undefined {
  const value = resolveValue(item, context.scope, place)
  return value === undefined ? undefined : textOf(value, place)
}

function localLayerId(context: AppContext, item: TemplateValue): string | undefined {
  const call = intrinsicOf(item)
  const id = call?.[0] === 'Ref' && typeof call[1] === 'string' ? call[1] : undefined
  const resource = id === undefined ? undefined : context.resources[id]
  return LAYER_TYPES.has(typeOf(resource)) ? id : undefined
}

async function readForeignLayer(context: AppContext, arn: string, place: string, runtime: string): Promise<string[]> {
  const published = await context.files.layer?.(arn)
  if (published !== undefined) return [published]
  if (/:layer:Datadog-Extension(?:-ARM)?(?:-FIPS)?:\d+$/.test(arn)) return [await markDatadogExtension(context, arn)]
  const found = foreignLayer(arn)
  if (found === undefined || !runtime.startsWith(found.language)) {
    context.notice(`${place}: layer ${arn} lies on the cloud and was left out; add its packages to the app instead.`)
    return []
  }
  if (found.nearest !== undefined) {
    context.notice(`${arn}: no table says what is in this layer; ${found.nearest} stands in for it.`)
  }
  return [await buildForeignLayer(found, { arn, runtime, dir: context.build.cacheDir }, context.build)]
}

/**
 * Datadog's libraries look for its extension by this file: where it is, they hand each trace to the agent's port before the
 * invocation ends. That port is one of fnscope's doors, so the file alone is there, and nothing is started.
 */
async function markDatadogExtension(context: AppContext, arn: string): Promise<string> {
  const dir = join(context.build.cacheDir, 'layers', 'datadog-extension')
  await mkdir(join(dir, 'extensions'), { recursive: true })
  await writeFile(join(dir, 'extensions', 'datadog-agent'), '', { mode: 0o644 })
  context.notice(`${arn}: what Datadog's extension does, fnscope's doors do (8126, 8125); nothing is installed for it.`)
  return dir
}

async function readLocalLayer(context: AppContext, id: string, runtime: string): Promise<string[]> {
  const properties = new Properties(context, id)
  const content = properties.value('ContentUri') ?? properties.value('Content')
  const place = properties.at('ContentUri')
  const s3 = s3PlaceOf(content)
  const unpacked = s3 === undefined ? undefined : await context.files.unpacked?.(s3, id)
  if (unpacked !== undefined) return [unpacked]
  if (typeof content !== 'string' || s3 !== undefined) {
    throw new FnscopeError('FNS_CODE_NOT_FOUND', `${place} is ${describe(content)}; that archive is not at hand.`)
  }
  const dir = pathFrom(context, content)
  const archive = isArchive(dir) ? await context.files.archive?.(dir) : undefined
  if (archive !== undefined) return [archive]
  if (!(await isDirectory(dir))) return installMissingLayer(context, id, { dir, content, place, runtime })
  const method = buildMethodOf(context, id)
  if (context.built || method === undefined || !method.startsWith('python')) return [dir]
  const text = await readFile(join(dir, 'requirements.txt'), 'utf8').catch(() => '')
  const build = await buildRequirements({ runtime, text, dir, label: `layer ${id}` }, context.build)
  return [...(build ? [build.dir] : []), await copyUnderPython(context, dir)]
}

function buildMethodOf(context: AppContext, id: string): string | undefined {
  const resource = context.resources[id]
  const metadata = isMap(resource) ? resource['Metadata'] : undefined
  const method = isMap(metadata) ? metadata['BuildMethod'] : undefined
  return typeof method === 'string' ? method : undefined
}

// The guide's own layer sample names a directory that a build step fills; its list of packages lies next to it.
async function installMissingLayer(
  context: AppContext,
  id: string,
  layer: { readonly dir: string; readonly content: string; readonly place: string; readonly runtime: string },
): Promise<string[]> {
  for (const near of new Set([dirname(layer.dir), context.templateDir])) {
    const file = join(near, 'requirements.txt')
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined || !layer.runtime.startsWith('python')) continue
    const wants = { runtime: layer.runtime, text, dir: near, label: `layer ${id}` }
    const build = await buildRequirements(wants, context.build)
    if (!build) continue
    context.notice(
      `${id}: ${layer.content} does not exist; the packages of ${basename(near)}/requirements.txt stand in for it.`,
    )
    return [build.dir]
  }
  throw new FnscopeError(
    'FNS_CODE_NOT_FOUND',
    `${layer.place} is ${layer.content}, and there is no directory ${layer.dir}. Fill it first, for example: ` +
      `python3 -m pip install -r requirements.txt --target ${join(layer.dir, 'python')}`,
  )
}

// `BuildMethod: python3.x` puts the directory's content under python/ of the layer. The copy is keyed by names, sizes
// and times, so that an edit makes another one.
async function copyUnderPython(context: AppContext, dir: string): Promise<string> {
  const hash = createHash('sha256').update(dir)
  const names = (await readdir(dir, { recursive: true })).sort()
  for (const name of names) {
    const found = await stat(join(dir, name))
    hash.update(JSON.stringify([name, found.size, found.mtimeMs]))
  }
  const target = join(context.build.cacheDir, 'layers', hash.digest('hex').slice(0, 32))
  if (await isDirectory(target)) return target
  const temporary = `${target}.${randomUUID()}`
  try {
    await mkdir(dirname(target), { recursive: true })
    await cp(dir, join(temporary, 'python'), { recursive: true })
    await rename(temporary, target).catch(async (error: unknown) => {
      if (!(await isDirectory(target))) throw error
    })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return target
}
