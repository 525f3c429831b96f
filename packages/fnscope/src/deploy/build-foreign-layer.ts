// A directory that stands for a layer of another account: its packages installed once, beside files of the layer's own.
import { createHash } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { FnscopeError } from '../errors.ts'
import { buildRequirements, makeOnce, runInstaller, type BuildOptions } from './build.ts'
import type { ForeignLayer } from './foreign-layer.ts'

interface Asked {
  readonly arn: string
  readonly runtime: string
  /** Where installers run. */
  readonly dir: string
}

/** @throws FnscopeError FNS_BUILD_FAILED */
export async function buildForeignLayer(layer: ForeignLayer, asked: Asked, options: BuildOptions): Promise<string> {
  const label = `layer ${asked.arn}`
  await mkdir(asked.dir, { recursive: true })
  if (layer.language === 'nodejs') return await installNode(layer.packages, { ...asked, label }, options)
  const text = layer.packages.join('\n')
  const build = await buildRequirements({ runtime: asked.runtime, text, dir: asked.dir, label }, options)
  const dir = build!.dir
  for (const [path, content] of Object.entries(layer.files ?? {})) {
    await writeFile(join(dir, path), content)
    await chmod(join(dir, path), 0o755)
  }
  return dir
}

async function installNode(
  packages: readonly string[],
  { dir, label }: { readonly dir: string; readonly label: string },
  options: BuildOptions,
): Promise<string> {
  const key = createHash('sha256').update(JSON.stringify(packages)).digest('hex').slice(0, 32)
  const target = join(resolve(options.cacheDir), 'build', `npm-${key}`)
  const build = await makeOnce(target, async (temporary) => {
    options.onProgress?.(`installing the npm packages of ${label}`)
    const prefix = join(temporary, 'nodejs')
    await mkdir(prefix)
    // no script of a package is run
    const flags = ['install', '--prefix', prefix, '--no-audit', '--no-fund', '--ignore-scripts', '--no-save']
    const { failed, lastLines } = await runInstaller('npm', [...flags, ...packages], dir)
    if (!failed) return
    throw new FnscopeError(
      'FNS_BUILD_FAILED',
      `npm could not install what ${label} holds (${packages.join(', ')}). Its last lines:\n${lastLines}`,
      { cause: failed },
    )
  })
  return build.dir
}
