// The AWS SDK that the cloud's Node runtimes bring along: fetched once into the cache when code names a package of it and
// has not got it itself. The cloud has every client; here are the usual ones and those that the code names.
import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FunctionSpec } from '../function-spec.ts'
import type { RuntimeHost } from './launch.ts'

const USUAL = [
  'client-api-gateway',
  'client-apigatewaymanagementapi',
  'client-bedrock-runtime',
  'client-cloudformation',
  'client-cloudwatch',
  'client-cloudwatch-logs',
  'client-cognito-identity-provider',
  'client-dynamodb',
  'client-ecs',
  'client-eventbridge',
  'client-firehose',
  'client-iam',
  'client-kinesis',
  'client-kms',
  'client-lambda',
  'client-rds-data',
  'client-route-53',
  'client-s3',
  'client-scheduler',
  'client-secrets-manager',
  'client-ses',
  'client-sesv2',
  'client-sfn',
  'client-sns',
  'client-sqs',
  'client-ssm',
  'client-sts',
  'client-xray',
  'credential-providers',
  'lib-dynamodb',
  'lib-storage',
  's3-request-presigner',
  'util-dynamodb',
].map((name) => `@aws-sdk/${name}`)

const NAMED = /["'`](@(?:aws-sdk|smithy)\/[a-z0-9-]+)/g
const CODE = /\.[cm]?js$/
const MOST_FILES = 2000
const MOST_BYTES = 8 * 1024 * 1024
const FETCH_LIMIT_MS = 300_000

const fetches = new Map<string, Promise<string | undefined>>()

/** A directory of packages, like node_modules; undefined: the code needs none, or they could not be fetched. */
export async function awsSdkFor(spec: FunctionSpec, host: RuntimeHost): Promise<string | undefined> {
  const named = new Set<string>()
  for (const dir of [spec.codeDir, ...spec.layerDirs]) await collectNames(dir, named)
  if (named.size === 0) return undefined
  const packages = [...new Set([...USUAL, ...named])].sort()
  const key = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 16)
  const target = join(host.cacheDir, 'runtimes', `aws-sdk-js-${key}`)
  const fetched = fetches.get(target) ?? fetch(packages, target, host)
  fetches.set(target, fetched)
  const dir = await fetched
  // The network may be back at the next call.
  if (dir === undefined) fetches.delete(target)
  return dir
}

/** What the files of `dir` name and its own node_modules has not got. */
async function collectNames(dir: string, named: Set<string>): Promise<void> {
  const pending = [dir]
  let files = 0
  for (let at = pending.pop(); at !== undefined && files < MOST_FILES; at = pending.pop()) {
    const entries = await readdir(at, { withFileTypes: true }).catch(() => [])
    if (existsSync(join(at, 'node_modules', '@aws-sdk'))) return
    for (const entry of entries) {
      const path = join(at, entry.name)
      if (entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.')) pending.push(path)
      if (!entry.isFile() || !CODE.test(entry.name)) continue
      files += 1
      if ((await stat(path)).size > MOST_BYTES) continue
      for (const [, name] of (await readFile(path, 'utf8')).matchAll(NAMED)) named.add(name!)
    }
  }
}

async function fetch(packages: readonly string[], target: string, host: RuntimeHost): Promise<string | undefined> {
  const modules = join(target, 'node_modules')
  if (existsSync(modules)) return modules
  host.notify('Fetching the AWS SDK for JavaScript that the cloud’s Node runtimes have (once, about a minute) …')
  const temporary = `${target}.${randomUUID()}`
  try {
    await mkdir(temporary, { recursive: true })
    await writeFile(join(temporary, 'package.json'), '{"private":true}')
    const failure = await install(packages, temporary)
    if (failure !== undefined) {
      host.notify(
        `The AWS SDK for JavaScript could not be fetched: ${failure}. Functions that bring their own run; the others fail at their import until it can be.`,
      )
      return undefined
    }
    await rename(temporary, target).catch((error: unknown) => {
      // Another fnscope was first.
      if (!existsSync(modules)) throw error
    })
    return modules
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/** Undefined: done. Otherwise npm's last words. */
function install(packages: readonly string[], dir: string): Promise<string | undefined> {
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--omit=dev', '--omit=peer', '--loglevel=error']
  return new Promise((resolve) => {
    const options = { cwd: dir, timeout: FETCH_LIMIT_MS, maxBuffer: 16 * 1024 * 1024 }
    execFile('npm', ['install', ...flags, ...packages], options, (error, stdout, stderr) => {
      if (!error) return resolve(undefined)
      const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => /^npm error (?!A complete log)/.test(line))
      resolve(lines.slice(0, 2).join(' ').replaceAll('npm error ', '') || error.message.split('\n')[0])
    })
  })
}
