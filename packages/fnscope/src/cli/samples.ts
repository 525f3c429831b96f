// The sample apps that `fnscope init` copies: what they are, the names by which other tools know them, and the copying.
import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FnscopeError } from '../errors.ts'

export interface Sample {
  readonly name: string
  readonly title: string
  /** As `sam init --app-template` calls it. */
  readonly alias?: string
  /** The first is the default; `--runtime` takes another of the same language. */
  readonly runtime: string
  /** What to do with it, one command a line. */
  readonly next: readonly string[]
}

export const SAMPLES: readonly Sample[] = [
  {
    name: 'powertools-python',
    title: 'Hello world behind an API, with Powertools for AWS Lambda (Python)',
    alias: 'hello-world-powertools-python',
    runtime: 'python3.11',
    next: ['fnscope up .', 'curl the URL that it prints'],
  },
  {
    name: 'xray-python',
    title: 'X-Ray SDK for Python, its packages in a layer',
    runtime: 'python3.11',
    next: ['fnscope up .', 'fnscope invoke function'],
  },
  {
    name: 'observability-pair',
    title: 'The same Python function plain and instrumented, with make targets',
    runtime: 'python3.11',
    next: ['fnscope up .', 'fnscope invoke InstrumentedFunction --event events/valid_user.json'],
  },
  {
    name: 'typescript',
    title: 'TypeScript behind an HTTP API, with Powertools',
    runtime: 'nodejs22.x',
    next: ['npm install && npm run build', 'fnscope up .'],
  },
  {
    name: 'cdk',
    title: 'AWS CDK (Python) with the Powertools layer',
    runtime: 'python3.11',
    next: ['pip install -r requirements.txt', 'cdk synth', 'fnscope up .'],
  },
  {
    name: 'fc',
    title: "Alibaba Cloud's Function Compute, with Serverless Devs' s.yaml",
    runtime: 'python3.10',
    next: ['fnscope up .', 'fnscope invoke hello'],
  },
]

const DIR = join(dirname(fileURLToPath(import.meta.url)), '../../samples')

/** By its name or by what `sam init` calls it. @throws FnscopeError FNS_USAGE naming all */
export function findSample(wanted: string): Sample {
  const found = SAMPLES.find(({ name, alias }) => name === wanted || alias === wanted)
  if (found) return found
  const known = SAMPLES.map(({ name }) => name).join(', ')
  throw new FnscopeError('FNS_USAGE', `There is no template "${wanted}". Templates: ${known}.`)
}

export interface CopyOptions {
  readonly name: string
  readonly runtime: string
  readonly outputDir: string
}

/** The new directory. @throws FnscopeError FNS_USAGE for a name or runtime that will not do, or when it is there already */
export async function copySample(sample: Sample, { name, runtime, outputDir }: CopyOptions): Promise<string> {
  if (!/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(name))
    throw new FnscopeError(
      'FNS_USAGE',
      `A project's name is a letter, then letters, digits and hyphens, not "${name}".`,
    )
  const language = /^[a-z]+/.exec(sample.runtime)![0]
  if (!new RegExp(`^${language}\\d[\\w.]*$`).test(runtime))
    throw new FnscopeError('FNS_USAGE', `Template ${sample.name} is for ${language}; "${runtime}" is no runtime of it.`)
  const target = resolve(outputDir, name)
  if ((await stat(target).catch(() => undefined)) !== undefined)
    throw new FnscopeError('FNS_USAGE', `${target} is there already. Choose another name, or remove it.`)
  const values = { __NAME__: name, __RUNTIME__: runtime, __PYTHON__: runtime.replace('.', '') }
  await copyDir(join(DIR, sample.name), target, values)
  return target
}

async function copyDir(from: string, to: string, values: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    // `_gitignore` and `.tmpl` keep tools of this repository from taking the file for their own
    const target = join(to, basename(entry.name, '.tmpl').replace(/^_gitignore$/, '.gitignore'))
    if (entry.isDirectory()) {
      await copyDir(source, target, values)
      continue
    }
    const text = await readFile(source, 'utf8')
    const filled = Object.entries(values).reduce((done, [mark, value]) => done.replaceAll(mark, value), text)
    if (filled === text) await cp(source, target)
    else await writeFile(target, filled)
  }
}
