// `fnscope up`: start everything, deploy the app if one is named, serve until a signal.
import { Option, type Command } from 'commander'
import type { ConsoleApp } from '../api/console-types.ts'
import { readConfig, type Config, type ConfigFlags } from '../config.ts'
import { createLogger } from '../log.ts'
import { startServer, type FnscopeServer } from '../server.ts'
import type { JsonOption, Terminal } from './command.ts'

type UpOptions = ConfigFlags & JsonOption

const HELP = `
Examples:
  fnscope up                             receive and show; deploy later
  fnscope up ./sam-app                   run the functions of a SAM project
  fnscope up . --ports auto --json       free ports; JSON lines for a script
  fnscope up --store https://user:password@clickhouse:8443/fnscope

Point clients at it: AWS_ENDPOINT_URL=http://127.0.0.1:4747, X-Ray SDKs at 127.0.0.1:2000.`

/** The flags that every starting command takes. */
export function addServerOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'data directory (default: .fnscope)')
    .option('--port <n>', 'main port: AWS API and fnscope API (default: 4747)')
    .addOption(new Option('--ports <mode>', 'auto: a free port for every door').choices(['auto']))
    .option('--door <name=host:port|off...>', 'move one door, or close it: xray-daemon=127.0.0.1:2001', collect)
    .option('--store <url>', 'a ClickHouse server instead of the embedded engine')
    .option('--host <address>', 'listen beyond this machine; needs --token')
    .option('--token <secret>', 'what clients must send (or FNSCOPE_TOKEN)')
    .option('--retention <time>', 'how long to keep: 7d, 12h (default: 7d)')
    .addOption(
      new Option('--sampling <mode>', 'all: record every invocation; cloud: 1/s + 5 %').choices(['all', 'cloud']),
    )
    .addOption(
      new Option('--log-level <level>', "fnscope's own log on standard error").choices([
        'trace',
        'debug',
        'info',
        'warn',
        'error',
        'silent',
      ]),
    )
}

function collect(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), value]
}

export function addUp(program: Command, terminal: Terminal): void {
  const command = program
    .command('up')
    .summary('start fnscope, and the functions of an app')
    .description('Start fnscope: receive, store and answer; with APP_DIR also run the functions of that SAM project.')
    .argument('[app]', 'directory of a SAM project, or its template')
  addServerOptions(command)
    .option('--json', 'JSON lines on standard output: the event "ready" first')
    .addHelpText('after', HELP)
    .action(async (app: string | undefined, options: UpOptions) => runUp(app, options, terminal))
}

async function runUp(app: string | undefined, options: UpOptions, terminal: Terminal): Promise<void> {
  const config = readConfig(options, terminal.env)
  const server = await startServer(config, { log: createLogger(config.logLevel), notify: terminal.notice })
  try {
    if (app !== undefined) await server.deploy(app)
  } catch (error) {
    await server.stop()
    throw error
  }
  if (options.json) {
    server.onDeployed((deployed) => terminal.print(JSON.stringify({ event: 'deployed', ...deployed })))
    terminal.print(JSON.stringify({ event: 'ready', url: server.url, doors: server.doors(), apps: server.apps() }))
  } else {
    for (const line of readyLines(server, config, terminal)) terminal.print(line)
  }
  await untilSignal()
  await server.stop()
}

/** What a person wants to know first: where it listens, what it runs, what it records. */
export function readyLines(server: FnscopeServer, config: Config, terminal: Terminal): string[] {
  const { paint } = terminal.out
  const lines = [`${paint('green', '●')} fnscope is ready at ${paint('cyan', server.url)}`]
  for (const [door, address] of Object.entries(server.doors())) lines.push(`  ${door.padEnd(12)} ${String(address)}`)
  lines.push(
    config.sampling === 'all'
      ? '  sampling     every invocation is recorded (the cloud keeps 1/s + 5 %: --sampling cloud)'
      : '  sampling     as on the cloud: 1/s + 5 %, PassThrough functions silent',
  )
  for (const app of server.apps()) lines.push(...appLines(app, terminal))
  lines.push(
    '',
    paint(
      'dim',
      `  export AWS_ENDPOINT_URL=${server.url} AWS_ACCESS_KEY_ID=fnscope AWS_SECRET_ACCESS_KEY=fnscope AWS_REGION=${config.region}`,
    ),
  )
  return lines
}

function appLines(app: ConsoleApp, terminal: Terminal): string[] {
  const { paint } = terminal.out
  const lines = [
    '',
    `  ${paint('bold', app.stack)}  ${app.functions.length} function${app.functions.length === 1 ? '' : 's'}: ${app.functions.join(', ')}`,
  ]
  for (const [name, url] of Object.entries(app.urls)) lines.push(`    ${name.padEnd(20)} ${paint('cyan', url)}`)
  return lines
}

/** A terminal, npm and the wrapper may each pass on one and the same Ctrl-C. */
const SAME_SIGNAL_MS = 1000

/** Resolves at SIGINT, SIGTERM or SIGHUP; a later second one ends the process at once. */
export async function untilSignal(): Promise<void> {
  await new Promise<void>((resolve) => {
    let first: number | undefined
    const onSignal = (): void => {
      if (first !== undefined && performance.now() - first > SAME_SIGNAL_MS) process.exit(130)
      first ??= performance.now()
      resolve()
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  })
}
