// `fnscope invoke`: one invocation; of the running fnscope, or of one started for the call alone.
import { readFileSync } from 'node:fs'
import { text as readText } from 'node:stream/consumers'
import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import { FnscopeError, messageOf } from '../errors.ts'
import { createLogger } from '../log.ts'
import { startServer } from '../server.ts'
import { createClient, type Client } from './client.ts'
import { collect, PARAMETER_FLAG, PARAMETER_HELP, parametersOf, type JsonOption, type Terminal } from './command.ts'
import { invokeFunction, type InvokeAnswer } from './invoke-request.ts'
import { functionNamed, readFunctions } from './known-functions.ts'
import { printable } from './terminal.ts'

interface InvokeOptions extends JsonOption {
  readonly event?: string
  readonly app?: string
  readonly tail?: boolean
  readonly parameter?: readonly string[]
}

const HELP = `
Examples:
  fnscope invoke HelloWorldFunction -e events/hello.json --tail
  echo '{"n": 3}' | fnscope invoke work -e -
  fnscope invoke HelloWorldFunction --app ./sam-app     starts fnscope for this call alone

The answer goes to standard output, the log lines (--tail) to standard error. A function error exits 1.`

export function addInvoke(program: Command, terminal: Terminal): void {
  program
    .command('invoke')
    .summary('invoke a function once')
    .description(
      'Invoke a function of the running fnscope, or start one for the call when none runs or --app names another app.',
    )
    .argument('<name>', 'function: logical id, physical name or ARN')
    .option('-e, --event <file>', 'JSON event: a file, or - for standard input (default: {})')
    .option('--app <dir>', 'app to start for this call (default: the running fnscope, else the current directory)')
    .option(PARAMETER_FLAG, `with --app: ${PARAMETER_HELP}`, collect)
    .option('--tail', 'print the log lines of the invocation')
    .option('--json', 'one JSON object: payload, functionError, requestId, traceId, log')
    .addHelpText('after', HELP)
    .action(async (name: string, options: InvokeOptions) => runInvoke(name, options, terminal))
}

async function readEvent(file: string | undefined): Promise<string> {
  if (file === undefined) return '{}'
  let text: string
  try {
    text = file === '-' ? await readText(process.stdin) : readFileSync(file, 'utf8')
  } catch (error) {
    throw new FnscopeError('FNS_EVENT_INVALID', `The event file ${file} cannot be read: ${messageOf(error)}.`, {
      cause: error,
    })
  }
  try {
    JSON.parse(text)
  } catch (error) {
    const where = file === '-' ? 'standard input' : file
    throw new FnscopeError('FNS_EVENT_INVALID', `The event in ${where} is not JSON: ${messageOf(error)}.`, {
      cause: error,
    })
  }
  return text
}

/** The client of a running fnscope that has this function; undefined when there is none to use. */
async function runningWith(name: string, options: InvokeOptions, terminal: Terminal): Promise<Client | undefined> {
  if (options.app !== undefined) return undefined
  const client = createClient(terminal.env)
  if (terminal.env['FNSCOPE_URL']) return client
  try {
    return functionNamed(await readFunctions(client), name) === undefined ? undefined : client
  } catch {
    return undefined
  }
}

async function runInvoke(name: string, options: InvokeOptions, terminal: Terminal): Promise<void> {
  const payload = await readEvent(options.event)
  const running = await runningWith(name, options, terminal)
  const answer =
    running === undefined
      ? await invokeInOwn(name, payload, options, terminal)
      : await invokeFunction(running, name, payload)
  report(answer, options, terminal)
}

async function invokeInOwn(
  name: string,
  payload: string,
  options: InvokeOptions,
  terminal: Terminal,
): Promise<InvokeAnswer> {
  const parameters = parametersOf(options.parameter)
  // the running one's port is not ours to take
  const { FNSCOPE_PORT: _, ...env } = terminal.env
  const config = readConfig({ ports: 'auto' }, env)
  await using server = await terminal.during('Starting', async () =>
    startServer(config, { log: createLogger(config.logLevel), notify: terminal.notice, shareDataDir: true }),
  )
  return await terminal.during(`Running ${name}`, async () => {
    await server.deploy(options.app ?? '.', parameters)
    return await invokeFunction(createClient(terminal.env, server.url), name, payload)
  })
}

function report(answer: InvokeAnswer, options: InvokeOptions, terminal: Terminal): void {
  if (options.json) {
    const { payload, logTail, ...rest } = answer
    terminal.print(JSON.stringify({ ...rest, payload: jsonOr(payload), log: logTail }))
  } else {
    if (options.tail && answer.logTail !== '') terminal.notice(printable(answer.logTail.trimEnd()))
    // bytes as they came for a program; on a terminal they must not move its cursor
    terminal.print(terminal.out.isTerminal ? printable(answer.payload) : answer.payload)
  }
  if (answer.functionError !== undefined) process.exitCode = 1
}

function jsonOr(payload: string): unknown {
  try {
    return JSON.parse(payload)
  } catch {
    return payload
  }
}
