// `fnscope config`: what the configuration is and where each value came from; and the AWS profile that points here.
import { Option, type Command } from 'commander'
import { readConfig, type Config } from '../config.ts'
import { FnscopeError } from '../errors.ts'
import { awsFiles, removeAwsProfile, writeAwsProfile } from './aws-profile.ts'
import { instanceUrl } from './client.ts'
import type { JsonOption, Terminal } from './command.ts'

interface ConfigOptions extends JsonOption {
  readonly awsProfile?: string
  readonly remove?: boolean
}

const HELP = `
Examples:
  fnscope config                                 each value, and where it came from
  fnscope config --aws-profile fnscope           then: aws --profile fnscope lambda invoke …
  fnscope config --aws-profile fnscope --remove`

/** Variable behind each value, where one can set it. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  dataDir: ['FNSCOPE_DATA'],
  cacheDir: ['FNSCOPE_CACHE', 'XDG_CACHE_HOME'],
  host: ['FNSCOPE_HOST'],
  port: ['FNSCOPE_PORT'],
  storeUrl: ['FNSCOPE_STORE'],
  storePassword: ['FNSCOPE_STORE_PASSWORD'],
  storeCa: ['FNSCOPE_STORE_CA'],
  cluster: ['FNSCOPE_CLUSTER'],
  roles: ['FNSCOPE_ROLES'],
  token: ['FNSCOPE_TOKEN'],
  retention: ['FNSCOPE_RETENTION'],
  sampling: ['FNSCOPE_SAMPLING'],
  fsync: ['FNSCOPE_FSYNC'],
  ack: ['FNSCOPE_ACK'],
  segmentStyle: ['FNSCOPE_SEGMENT_STYLE'],
  billing: ['FNSCOPE_BILLING'],
  freeze: ['FNSCOPE_FREEZE'],
  watch: ['FNSCOPE_WATCH'],
  fcTracing: ['FNSCOPE_FC_TRACING'],
  anatomy: ['FNSCOPE_ANATOMY'],
  isolation: ['FNSCOPE_ISOLATION'],
  strictRuntime: ['FNSCOPE_STRICT_RUNTIME'],
  region: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
  besideUrl: ['FNSCOPE_BESIDE'],
  cloud: ['FNSCOPE_CLOUD'],
  schedules: ['FNSCOPE_SCHEDULES'],
  logLevel: ['FNSCOPE_LOG_LEVEL'],
}

export function addConfig(program: Command, terminal: Terminal): void {
  program
    .command('config')
    .summary('show the configuration, or write an AWS profile')
    .description(
      'Show each value of the configuration and where it came from; or write an AWS profile that points at fnscope.',
    )
    .option('--aws-profile <name>', 'write a profile with the endpoint and dummy keys into the AWS files')
    .addOption(new Option('--remove', 'with --aws-profile: take that profile away again'))
    .option('--json', 'as one JSON object')
    .addHelpText('after', HELP)
    .action((options: ConfigOptions) => {
      if (options.awsProfile === undefined && options.remove)
        throw new FnscopeError('FNS_USAGE', '--remove wants the profile to remove: --aws-profile NAME --remove.')
      if (options.awsProfile === undefined) showConfig(options, terminal)
      else changeProfile(options.awsProfile, options, terminal)
    })
}

function changeProfile(name: string, options: ConfigOptions, terminal: Terminal): void {
  const files = awsFiles(terminal.env)
  if (options.remove) {
    const removed = removeAwsProfile(files, name)
    if (options.json) terminal.print(JSON.stringify({ profile: name, removed, ...files }))
    else terminal.print(removed ? `Removed the profile ${name}.` : `There is no profile ${name} of fnscope's.`)
    return
  }
  const config = readConfig({}, terminal.env)
  const url = instanceUrl(terminal.env)
  writeAwsProfile(files, name, {
    url,
    region: config.region,
    ...(config.token === undefined ? {} : { token: config.token }),
  })
  if (options.json) terminal.print(JSON.stringify({ profile: name, url, region: config.region, ...files }))
  else
    terminal.print(
      `Wrote the profile ${name} (endpoint ${url}). Use it: aws --profile ${name} lambda invoke … or AWS_PROFILE=${name}.`,
    )
}

function sourceOf(key: string, env: NodeJS.ProcessEnv): string {
  return SOURCES[key]?.find((name) => env[name]) ?? 'default'
}

function shown(key: keyof Config, value: Config[keyof Config]): unknown {
  if (key === 'token' || key === 'storePassword') return value === undefined ? undefined : '(set)'
  // a password may hold an @ or a slash that its user did not encode
  if (key === 'storeUrl' && typeof value === 'string') return hideCredentials(value)
  return value
}

/** Of each URL of a list. */
function hideCredentials(urls: string): string {
  return urls
    .split(/,(?=[a-z]+:\/\/)/i)
    .map((url) => url.replace(/\/\/.*@/s, '//***@'))
    .join(',')
}

function showConfig(options: ConfigOptions, terminal: Terminal): void {
  const config = readConfig({}, terminal.env)
  const keys = Object.keys(config) as (keyof Config)[]
  const rows = keys.map((key) => ({ key, value: shown(key, config[key]), from: sourceOf(key, terminal.env) }))
  if (options.json) {
    const entries = rows.map(({ key, value, from }) => [key, { value: value ?? null, from }] as const)
    terminal.print(JSON.stringify(Object.fromEntries(entries)))
    return
  }
  for (const { key, value, from } of rows) {
    const text =
      value === undefined
        ? '-'
        : typeof value === 'string'
          ? value
          : key === 'roles'
            ? config.roles.join(',')
            : JSON.stringify(value)
    terminal.print(`${key.padEnd(14)} ${text}  ${terminal.out.paint('dim', `(${from})`)}`)
  }
}
