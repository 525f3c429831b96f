// What `cdk synth` wrote (cdk.out): its stacks in the order of their dependencies, those of nested stages too, and where the
// assets that their templates name lie. Reads the manifests alone.
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { FnscopeError, messageOf } from '../errors.ts'

export interface AssemblyStack {
  readonly name: string
  readonly templateFile: string
}

export interface Assembly {
  readonly dir: string
  /** The project's directory: that of cdk.json. */
  readonly appDir: string
  readonly stacks: readonly AssemblyStack[]
  /** Object key of an asset → the directory or file it is made of. */
  readonly assets: ReadonlyMap<string, string>
}

interface Artifact {
  readonly type?: string
  readonly dependencies?: readonly string[]
  readonly properties?: {
    readonly templateFile?: string
    readonly stackName?: string
    readonly file?: string
    readonly directoryName?: string
  }
}

interface AssetManifest {
  readonly files?: Readonly<
    Record<
      string,
      {
        readonly source?: { readonly path?: string }
        readonly destinations?: Readonly<Record<string, { readonly objectKey?: string }>>
      }
    >
  >
}

/**
 * `path` is a CDK project, its cdk.out or a manifest; undefined when it is none of them.
 * @throws FnscopeError FNS_APP_NOT_FOUND for a project that was not synthesized, FNS_TEMPLATE_INVALID for a broken manifest
 */
export async function findAssembly(path: string): Promise<Assembly | undefined> {
  const target = resolve(path)
  for (const dir of [target, join(target, 'cdk.out')]) {
    if (!(await isFile(join(dir, 'manifest.json')))) continue
    const appDir = basename(dir) === 'cdk.out' ? dirname(dir) : dir
    return { dir, appDir, ...(await readAssembly(dir)) }
  }
  if (!(await isFile(join(target, 'cdk.json'))) || (await isFile(join(target, 'template.yaml')))) return undefined
  throw new FnscopeError(
    'FNS_APP_NOT_FOUND',
    `${target} is a CDK project that was not synthesized: there is no cdk.out/manifest.json. Run \`cdk synth\` there first.`,
  )
}

async function readAssembly(dir: string): Promise<Pick<Assembly, 'stacks' | 'assets'>> {
  const { artifacts = {} } = await readJson<{ readonly artifacts?: Readonly<Record<string, Artifact>> }>(
    join(dir, 'manifest.json'),
  )
  const stacks: AssemblyStack[] = []
  const assets = new Map<string, string>()
  for (const id of inOrder(artifacts)) {
    const { type, properties = {} } = artifacts[id]!
    if (type === 'aws:cloudformation:stack' && properties.templateFile !== undefined) {
      stacks.push({ name: properties.stackName ?? id, templateFile: join(dir, properties.templateFile) })
    } else if (type === 'cdk:asset-manifest' && properties.file !== undefined) {
      for (const [key, file] of await readAssets(join(dir, properties.file))) assets.set(key, file)
    } else if (type === 'cdk:cloud-assembly' && properties.directoryName !== undefined) {
      const inner = await readAssembly(join(dir, properties.directoryName))
      stacks.push(...inner.stacks)
      for (const [key, file] of inner.assets) assets.set(key, file)
    }
  }
  return { stacks, assets }
}

/** An artifact after those that it depends on. */
function inOrder(artifacts: Readonly<Record<string, Artifact>>): string[] {
  const ordered = new Set<string>()
  const visit = (id: string, path: readonly string[]): void => {
    if (ordered.has(id) || path.includes(id) || artifacts[id] === undefined) return
    for (const needed of artifacts[id].dependencies ?? []) visit(needed, [...path, id])
    ordered.add(id)
  }
  for (const id of Object.keys(artifacts)) visit(id, [])
  return [...ordered]
}

async function readAssets(file: string): Promise<[string, string][]> {
  const { files = {} } = await readJson<AssetManifest>(file)
  return Object.values(files).flatMap(({ source, destinations = {} }) => {
    const { path } = source ?? {}
    if (path === undefined) return []
    return Object.values(destinations).flatMap(({ objectKey }): [string, string][] =>
      objectKey === undefined ? [] : [[objectKey, resolve(dirname(file), path)]],
    )
  })
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false
}

async function readJson<Value>(file: string): Promise<Value> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Value
  } catch (error) {
    throw new FnscopeError(
      'FNS_TEMPLATE_INVALID',
      `${file} cannot be read: ${messageOf(error)}. Run \`cdk synth\` again.`,
      {
        cause: error,
      },
    )
  }
}
