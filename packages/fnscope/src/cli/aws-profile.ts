// One AWS profile that points at fnscope, written into and removed from the user's AWS files. Sections that fnscope did
// not write are never touched: its own carry a comment line that says so.
import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { FnscopeError, messageOf } from '../errors.ts'
import { appendSection, ownerOf, removeSection } from './ini-section.ts'

export interface AwsFiles {
  readonly config: string
  readonly credentials: string
}

/** Where the AWS tools look: the two variables they define, else ~/.aws. */
export function awsFiles(env: NodeJS.ProcessEnv): AwsFiles {
  const home = env['HOME'] || homedir()
  const place = (named: string | undefined, name: string): string =>
    named ? named.replace(/^~(?=\/|$)/, home) : join(home, '.aws', name)
  return {
    config: place(env['AWS_CONFIG_FILE'], 'config'),
    credentials: place(env['AWS_SHARED_CREDENTIALS_FILE'], 'credentials'),
  }
}

/** A file as it will be written; undefined text: it stays as it is. */
interface Edit {
  /** What the path leads to: a link to a file elsewhere stays a link. */
  readonly file: string
  /** Permission bits. */
  readonly mode: number
  readonly text: string | undefined
}

/** @throws FnscopeError FNS_CONFIG when the section is the user's own or the file cannot be used */
function planEdit(path: string, header: string, body: readonly string[] | undefined): Edit {
  const { file, mode, text } = readExisting(path)
  const owner = ownerOf(text, header)
  if (owner === 'user') {
    throw new FnscopeError(
      'FNS_CONFIG',
      `${path} has a [${header}] that fnscope did not write: it is left as it is. Choose another name for --aws-profile.`,
    )
  }
  const without = removeSection(text, header)
  const wanted = body ? appendSection(without, header, body) : without
  return { file, mode, text: wanted === text ? undefined : wanted }
}

function readExisting(path: string): { readonly file: string; readonly mode: number; readonly text: string } {
  try {
    const file = realpathSync(path)
    const stat = statSync(file)
    if (!stat.isFile()) throw new Error('it is no regular file')
    return { file, mode: stat.mode & 0o777, text: readFileSync(file, 'utf8') }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { file: path, mode: 0o600, text: '' }
    throw unusable(path, error)
  }
}

function unusable(path: string, error: unknown): FnscopeError {
  return new FnscopeError(
    'FNS_CONFIG',
    `The AWS file ${path} cannot be used: ${messageOf(error)}. AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name others.`,
    { cause: error },
  )
}

/** Whole or not at all: another tool never reads half a file. */
function apply({ file, mode, text }: Edit): boolean {
  if (text === undefined) return false
  const temporary = `${file}.${process.pid}.fnscope`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(temporary, text, { mode, flush: true })
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw unusable(file, error)
  }
  return true
}

function checkName(name: string): void {
  if (name === 'default' || !/^[\w.-]{1,64}$/.test(name)) {
    throw new FnscopeError(
      'FNS_USAGE',
      `--aws-profile wants a name of letters, digits, ".", "_" or "-" other than "default", not "${name}".`,
    )
  }
}

/**
 * Writes profile `name` with the endpoint, a region and dummy keys; an earlier one of fnscope's is replaced. Both files
 * are checked before either is written. @throws FnscopeError FNS_USAGE, FNS_CONFIG
 */
export function writeAwsProfile(
  files: AwsFiles,
  name: string,
  options: { readonly url: string; readonly region: string; readonly token?: string },
): void {
  checkName(name)
  const config = planEdit(files.config, `profile ${name}`, [
    `region = ${options.region}`,
    'output = json',
    `endpoint_url = ${options.url}`,
  ])
  const credentials = planEdit(files.credentials, name, [
    `aws_access_key_id = ${options.token ?? 'fnscope'}`,
    'aws_secret_access_key = fnscope',
  ])
  apply(config)
  apply(credentials)
}

/** True when there was one of fnscope's to remove. @throws FnscopeError when the profile is the user's own */
export function removeAwsProfile(files: AwsFiles, name: string): boolean {
  checkName(name)
  const edits = [planEdit(files.config, `profile ${name}`, undefined), planEdit(files.credentials, name, undefined)]
  return edits.map(apply).includes(true)
}
