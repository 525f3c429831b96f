// Which file is the app's template: what `sam build` left, when it is not older than the source, else the source.
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, parse, resolve } from 'node:path'
import { FnscopeError } from '../errors.ts'

const NAMES = ['template.yaml', 'template.yml', 'template.json', 's.yaml', 's.yml']

export interface FoundTemplate {
  /** Absolute path of the template; paths inside it are relative to its directory. */
  readonly file: string
  /** Absolute: where samconfig.toml and requirements.txt are looked for, and what names are derived from. */
  readonly appDir: string
  /** Written by `sam build`: dependencies already lie beside the code. */
  readonly built: boolean
  /** Of a template that is not called as an app's is: several of them may lie in one directory. */
  readonly ownName?: string
  /** Why a build was passed over. */
  readonly notice?: string
}

async function modifiedMs(file: string): Promise<number | undefined> {
  const found = await stat(file).catch(() => undefined)
  return found?.isFile() ? found.mtimeMs : undefined
}

/** `path` is the app's directory or its template. @throws FnscopeError FNS_APP_NOT_FOUND naming what was looked for */
export async function findTemplate(path: string): Promise<FoundTemplate> {
  const target = resolve(path)
  const found = await stat(target).catch(() => undefined)
  if (found === undefined) throw notFound(`There is no ${target}.`)
  if (found.isFile()) return asGiven(target)
  if (isBuildDir(target)) return findTemplate(join(target, 'template.yaml'))

  const builtFile = join(target, '.aws-sam', 'build', 'template.yaml')
  const builtMs = await modifiedMs(builtFile)
  for (const name of NAMES) {
    const file = join(target, name)
    const sourceMs = await modifiedMs(file)
    if (sourceMs === undefined) continue
    if (builtMs === undefined) return { file, appDir: target, built: false }
    if (builtMs >= sourceMs) return { file: builtFile, appDir: target, built: true }
    return {
      file,
      appDir: target,
      built: false,
      notice: `.aws-sam/build is older than ${name} and was passed over; run \`sam build\` to use it again.`,
    }
  }
  if (builtMs !== undefined) return { file: builtFile, appDir: target, built: true }
  const seen = (await readdir(target)).slice(0, 8).join(', ') || 'nothing'
  throw notFound(
    `No app in ${target}: looked for .aws-sam/build/template.yaml, ${NAMES.join(', ')}; found ${seen}. ` +
      'Name the directory that holds the SAM, CloudFormation or Serverless Devs template, or the template itself.',
  )
}

function isBuildDir(dir: string): boolean {
  return basename(dir) === 'build' && basename(dirname(dir)) === '.aws-sam'
}

function asGiven(file: string): FoundTemplate {
  const dir = dirname(file)
  const built = isBuildDir(dir)
  const ownName = NAMES.includes(basename(file)) ? {} : { ownName: parse(file).name }
  return { file, appDir: built ? dirname(dirname(dir)) : dir, built, ...ownName }
}

function notFound(message: string): FnscopeError {
  return new FnscopeError('FNS_APP_NOT_FOUND', message)
}
