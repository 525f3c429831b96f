// `fnscope init`: a sample app in a directory of its own. Takes the flags of `sam init` too, which clones its templates from
// the internet; these are at hand. On a terminal it asks for what was not said.
import { createInterface } from 'node:readline/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { FnscopeError } from '../errors.ts'
import type { Terminal } from './command.ts'
import { copySample, findSample, SAMPLES, type Sample } from './samples.ts'

interface InitOptions {
  readonly template?: string
  readonly appTemplate?: string
  readonly name?: string
  readonly runtime?: string
  readonly outputDir: string
  readonly packageType: string
  readonly interactive: boolean
}

const HELP = `
Templates:
${SAMPLES.map(({ name, title }) => `  ${name.padEnd(20)} ${title}`).join('\n')}

Examples:
  fnscope init                                         asks
  fnscope init sam-app --template powertools-python
  fnscope init --app-template hello-world-powertools-python --name sam-app --package-type Zip --runtime python3.11 --no-tracing`

export function addInit(program: Command, terminal: Terminal): void {
  program
    .command('init')
    .summary('make a sample app')
    .description('Make a sample app in a new directory.')
    .argument('[name]', 'name of the project and its directory')
    .option('--template <template>', 'which sample, see below')
    .option('--app-template <template>', 'the same, by the name that sam init has for it')
    .option('--name <name>', 'the same as the argument')
    .option('--runtime <runtime>', 'python3.12, nodejs22.x … (default: what the sample has)')
    .option('--output-dir <dir>', 'where to make the directory', '.')
    .option('--package-type <type>', 'Zip', 'Zip')
    .option('--no-interactive', 'ask nothing')
    // of sam init, and without a meaning here: the samples are traced, as fnscope is for
    .option('--tracing')
    .option('--no-tracing')
    .option('--application-insights')
    .option('--no-application-insights')
    .option('--structured-logging')
    .option('--no-structured-logging')
    .option('--dependency-manager <manager>')
    .addHelpText('after', HELP)
    .action(async (name: string | undefined, options: InitOptions) => runInit(name, options, terminal))
}

async function runInit(argument: string | undefined, options: InitOptions, terminal: Terminal): Promise<void> {
  if (options.packageType !== 'Zip')
    throw new FnscopeError('FNS_USAGE', `--package-type is Zip; "${options.packageType}" is not emulated.`)
  const asks = options.interactive && process.stdin.isTTY && process.stdout.isTTY
  const wanted = options.template ?? options.appTemplate
  const sample = wanted !== undefined ? findSample(wanted) : asks ? await askSample(terminal) : missing('--template')
  const given = argument ?? options.name
  const name = given ?? (asks ? await ask('Project name', 'sam-app') : missing('a name'))
  const runtime = options.runtime ?? sample.runtime
  const dir = await copySample(sample, { name, runtime, outputDir: options.outputDir })
  const { paint } = terminal.out
  terminal.print(`Made ${paint('bold', dir)} from ${sample.name}.`)
  terminal.print('')
  for (const line of [`cd ${dir === resolve(name) ? name : dir}`, ...sample.next]) terminal.print(`  ${line}`)
}

function missing(what: string): never {
  const names = SAMPLES.map(({ name }) => name).join(', ')
  throw new FnscopeError(
    'FNS_USAGE',
    `fnscope init wants ${what}: fnscope init NAME --template TEMPLATE. Templates: ${names}.`,
  )
}

async function askSample(terminal: Terminal): Promise<Sample> {
  for (const [index, { name, title }] of SAMPLES.entries())
    terminal.print(`  ${index + 1}  ${name.padEnd(20)} ${title}`)
  const answer = await ask('Template', '1')
  return SAMPLES[Number(answer) - 1] ?? findSample(answer)
}

async function ask(question: string, fallback: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return (await lines.question(`${question} [${fallback}]: `)).trim() || fallback
  } finally {
    lines.close()
  }
}
