// One AWS profile that points at fnscope, written into and removed from the user's AWS files. Sections that fnscope did
// not write are never touched: its own carry a comment line that says so.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { FnscopeError } from '../errors.ts'

const MARK = '# written by `fnscope config --aws-profile`; `--remove` takes it away'

export interface AwsFiles {
  readonly config: string
  readonly credentials: string
}

/** Where the AWS tools look: the two variables they define, else ~/.aws. */
export function awsFiles(env: NodeJS.ProcessEnv): AwsFiles {
  return {
    config: env['AWS_CONFIG_FILE'] || join(homedir(), '.aws', 'config'),
    credentials: env['AWS_SHARED_CREDENTIALS_FILE'] || join(homedir(), '.aws', 'credentials'),
  }
}

interface Section {
  readonly start: number
  readonly end: number
  readonly ours: boolean
}

function findSection(lines: readonly string[], header: string): Section | undefined {
  const start = lines.findIndex((line) => line.trim().replaceAll(/\s+/g, ' ') === `[${header}]`)
  if (start < 0) return undefined
  let end = start + 1
  while (end < lines.length && !lines[end]!.trimStart().startsWith('[')) end++
  return { start, end, ours: lines[start + 1] === MARK }
}

function edit(file: string, header: string, body: readonly string[] | undefined): boolean {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  const found = findSection(lines, header)
  if (found && !found.ours) {
    throw new FnscopeError(
      'FNS_CONFIG',
      `${file} has a [${header}] of your own: it is left as it is. Choose another name for --aws-profile.`,
    )
  }
  if (!found && !body) return false
  if (found) {
    // the blank line that was put before the section goes with it
    const start = found.start > 0 && lines[found.start - 1] === '' ? found.start - 1 : found.start
    lines.splice(start, found.end - start)
  }
  if (body) lines.push(...(lines.length > 0 ? [''] : []), `[${header}]`, MARK, ...body)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const isNew = !existsSync(file)
  writeFileSync(file, lines.length === 0 ? '' : `${lines.join('\n')}\n`)
  if (isNew) chmodSync(file, 0o600)
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

/** Writes profile `name` with the endpoint, a region and dummy keys; an earlier one of fnscope's is replaced. @throws FnscopeError */
export function writeAwsProfile(
  files: AwsFiles,
  name: string,
  options: { readonly url: string; readonly region: string; readonly token?: string },
): void {
  checkName(name)
  edit(files.config, `profile ${name}`, [
    `region = ${options.region}`,
    'output = json',
    `endpoint_url = ${options.url}`,
  ])
  edit(files.credentials, name, [
    `aws_access_key_id = ${options.token ?? 'fnscope'}`,
    'aws_secret_access_key = fnscope',
  ])
}

/** True when there was one of fnscope's to remove. @throws FnscopeError when the profile is the user's own */
export function removeAwsProfile(files: AwsFiles, name: string): boolean {
  checkName(name)
  const config = edit(files.config, `profile ${name}`, undefined)
  return edit(files.credentials, name, undefined) || config
}
