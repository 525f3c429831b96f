// A CDK assembly as one app: every stack opened in the order of the dependencies, with the exports of those before it.
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Assembly } from './cdk-assembly.ts'
import type { Files, TemplateFile } from './lookups.ts'
import { stackNameFrom } from './physical-name.ts'
import type { OpenApp, ReadAppOptions } from './read-app.ts'
import { joinApps, readStack } from './read-stack.ts'
import { isArchive } from './s3-place.ts'
import { openStack, type Stack } from './stack.ts'

/** Named after its one stack, or after its directory when it has several. @throws what readApp throws */
export async function openAssembly(
  assembly: Assembly,
  options: ReadAppOptions,
  notice: (text: string) => void,
): Promise<OpenApp> {
  const exports = new Map<string, string>()
  const opened: Stack[] = []
  for (const { name: ownName, templateFile } of assembly.stacks) {
    const name = assembly.stacks.length === 1 ? (options.stackName ?? ownName) : ownName
    const stack = await openStack({
      template: await readFile(templateFile, 'utf8'),
      file: templateFile,
      dir: dirname(templateFile),
      appDir: assembly.appDir,
      stack: name,
      region: options.region,
      accountId: options.accountId,
      ...(options.parameters === undefined ? {} : { parameters: options.parameters }),
      lookups: {
        ...options.lookups,
        ...options.made?.(name),
        importValue: (exported) => exports.get(exported) ?? options.lookups?.importValue?.(exported),
        ssmParameter: (path) => options.lookups?.ssmParameter?.(path) ?? bootstrapVersion(path),
      },
      files: assetFiles(assembly, options.files),
      notice,
    })
    opened.push(stack)
    for (const { exportName, value } of stack.outputs) if (exportName !== undefined) exports.set(exportName, value)
  }
  const [first] = opened
  const name = opened.length === 1 && first ? first.name : stackNameFrom(basename(assembly.appDir))
  const { region, accountId } = options
  return {
    stacks: opened,
    async read() {
      const apps = []
      for (const stack of opened) apps.push(await readStack(stack, { ...options, built: true }))
      return { ...joinApps(apps, { name, region, accountId }), dir: assembly.appDir }
    },
  }
}

// What `cdk bootstrap` leaves; templates only carry it along.
function bootstrapVersion(path: string): string | undefined {
  return /^\/cdk-bootstrap\/[^/]+\/version$/.test(path) ? '30' : undefined
}

/** Assets are where the manifests say; a template names them by their object's key. */
function assetFiles({ assets }: Assembly, more: Files | undefined): Files {
  return {
    ...more,
    unpacked: async (place, logicalId) => {
      const asset = assets.get(place.key)
      if (asset === undefined) return await more?.unpacked?.(place, logicalId)
      return isArchive(asset) ? await more?.archive?.(asset) : asset
    },
    template: async (url, dir): Promise<TemplateFile | undefined> => {
      const file = assets.get(url.slice(url.lastIndexOf('/') + 1))
      if (file === undefined) return await more?.template?.(url, dir)
      return { text: await readFile(file, 'utf8'), file, dir: dirname(file) }
    },
  }
}
