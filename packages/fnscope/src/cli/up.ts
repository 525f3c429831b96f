// `fnscope up`: start everything, deploy the app if one is named, serve until a signal.
import { Option, type Command } from 'commander'
import { FnscopeError, messageOf } from '../errors.ts'
import { readConfig, type Config, type ConfigFlags } from '../config.ts'
import { createLogger } from '../log.ts'
import { missingRole } from '../roles.ts'
import { startServer, type FnscopeServer } from '../server.ts'
import type { LogRecord } from '../span/log-record.ts'
import { nanosToMillis } from '../span/time.ts'
import { appLines } from './app-lines.ts'
import { collect, PARAMETER_FLAG, PARAMETER_HELP, parametersOf, type JsonOption, type Terminal } from './command.ts'
import { openDoors, readyLines } from './ready-lines.ts'
import { formatLogLine } from './log-line.ts'
import { firstSignal } from './signals.ts'
import { watchApp } from './watch-app.ts'

type UpOptions = ConfigFlags & JsonOption & { readonly parameter?: readonly string[]; readonly quiet?: boolean }

const HELP = `
Examples:
  fnscope up                             receive and show; deploy later
  fnscope up ./sam-app                   run the functions of a SAM project
  fnscope up . --parameter Stage=dev     with a value for a template parameter
  fnscope up . --ports auto --json       free ports; JSON lines for a script
  fnscope up --fsync --ack stored        answer senders when their data is safe and can be read
  fnscope up --beside http://127.0.0.1:4566   also show the functions of another local cloud
  fnscope up --store https://user:password@clickhouse:8443/fnscope

With an app, changes of its template and code are followed (FNSCOPE_WATCH=0: not).
On a terminal the functions' log lines follow as they come. Ctrl-C ends it.
Point clients at it: AWS_ENDPOINT_URL=http://127.0.0.1:4747, X-Ray SDKs at 127.0.0.1:2000.`

/** The flags that every starting command takes. */
function addServerOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'data directory (default: .fnscope)')
    .option('--port <n>', 'main port: AWS API and fnscope API (default: 4747)')
    .addOption(new Option('--ports <mode>', 'auto: a free port for every door').choices(['auto']))
    .option('--door <name=host:port|off>', 'move one door, or close it: xray-daemon=127.0.0.1:2001', collect)
    .option(
      '--store <url>',
      'a ClickHouse server instead of the embedded engine; of a cluster, URLs with commas between',
    )
    .option('--cluster <name>', 'with --store: spread the tables over this cluster of its remote_servers')
    .option('--store-ca <file>', 'with --store https://…: certificate of a private authority, PEM')
    .option('--roles <roles>', 'what this process does of receive,query,platform (default: all)')
    .option('--host <address>', 'listen beyond this machine; needs --token')
    .option('--token <secret>', 'what clients must send (or FNSCOPE_TOKEN)')
    .option('--retention <time>', 'how long to keep: 7d, 12h, or spans=7d,logs=3d,metrics=30d (default: 7d)')
    .addOption(
      new Option('--sampling <mode>', 'all: record every invocation; cloud: 1/s + 5 %').choices(['all', 'cloud']),
    )
    .option('--anatomy', 'record what cold starts are made of, down to each import (fnscope cold shows it)')
    .addOption(
      new Option(
        '--isolation <way>',
        'run functions in namespaces of their own, as plain processes, or as the machine allows',
      ).choices(['auto', 'namespace', 'none']),
    )
    .option('--strict-runtime', 'refuse a function whose Python or Node version is not installed')
    .option('--fsync', 'acknowledged data survives a power cut too: each batch is flushed to the disk')
    .addOption(
      new Option('--ack <when>', 'answer senders when a batch is in the log, or stored (default: wal)').choices([
        'wal',
        'stored',
      ]),
    )
    .option(
      '--cloud <which>',
      'who has the AWS services that fnscope has not: auto, ministack, moto, URL, off (default: auto)',
    )
    .option('--no-schedules', 'schedules of templates do not fire')
    .option('--beside <url>', 'read the logs of functions that another local cloud runs: http://127.0.0.1:4566')
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

export function addUp(program: Command, terminal: Terminal): void {
  const command = program
    .command('up')
    .summary('start fnscope, and the functions of an app')
    .description('Start fnscope: receive, store and answer; with APP_DIR also run the functions of that SAM project.')
    .argument('[app]', 'directory of a SAM, CDK or Serverless Devs project, or its template')
    .option(PARAMETER_FLAG, PARAMETER_HELP, collect)
  addServerOptions(command)
    .option('--quiet', "do not print the functions' log lines")
    .option('--json', 'JSON lines on standard output: "ready" first, then "deployed" for each later deployment')
    .addHelpText('after', HELP)
    .action(async (app: string | undefined, options: UpOptions) => runUp(app, options, terminal))
}

async function runUp(app: string | undefined, options: UpOptions, terminal: Terminal): Promise<void> {
  const config = readConfig(options, terminal.env)
  const parameters = parametersOf(options.parameter)
  if (app !== undefined && !config.roles.includes('platform'))
    throw missingRole(`Running ${app}`, ['platform'], config.roles)
  const signal = firstSignal()
  await using server = await terminal.during('Starting', async () =>
    startServer(config, { log: createLogger(config.logLevel), notify: terminal.notice }),
  )
  if (app !== undefined) {
    const deployed = terminal.during(`Deploying ${app}`, async () => server.deploy(app, parameters))
    // asked to end while dependencies install: nobody waits for them
    if ((await Promise.race([deployed, signal.then(() => undefined)])) === undefined) return await endNow(server)
  }
  // of a deployment that a change made one line is enough
  let following = false
  announce(server, config, options, { terminal, following: () => following })
  if (app === undefined || !config.watch) return void (await signal)
  const stop = watchApp(app, {
    deploy: async () => {
      following = true
      await server.deploy(app, parameters).finally(() => (following = false))
    },
    tell: terminal.notice,
    failed: (error) =>
      terminal.notice(error instanceof FnscopeError ? `${error.message} (${error.code})` : messageOf(error)),
  })
  await signal
  stop()
}

async function endNow(server: FnscopeServer): Promise<void> {
  await server.stop()
  process.exit(0)
}

/** The Datadog agent's protocol is on two ports: its own, and DataKit's. */
function withAgentPorts(doors: Readonly<Record<string, string>>): Readonly<Record<string, string | readonly string[]>> {
  const agents = [doors['datadog'], doors['datakit']].filter((address) => address !== undefined)
  return agents.length === 0 ? doors : { ...doors, datadog: agents }
}

function announce(
  server: FnscopeServer,
  config: Config,
  options: UpOptions,
  { terminal, following }: { readonly terminal: Terminal; readonly following: () => boolean },
): void {
  if (options.json) {
    const { open, closed } = openDoors(server.doors())
    server.onDeployed((app) => terminal.print(JSON.stringify({ event: 'deployed', ...app })))
    terminal.print(
      JSON.stringify({
        event: 'ready',
        url: server.url,
        roles: config.roles,
        doors: withAgentPorts(open),
        closed,
        ...(server.isolation === undefined ? {} : { isolation: server.isolation }),
        apps: server.apps(),
      }),
    )
    return
  }
  for (const line of readyLines(server, config, terminal.out)) terminal.print(line)
  server.onDeployed((app) => {
    if (following()) return
    for (const line of appLines(app, terminal.out)) terminal.print(line)
  })
  if (!terminal.out.isTerminal || options.quiet) return
  terminal.print('')
  server.onLogs((lines) => {
    for (const line of lines) terminal.print(formatLogLine(shownLine(line), terminal.out, 'short'))
  })
}

function shownLine({ timeNanos, service, kind, severity, body }: LogRecord): Parameters<typeof formatLogLine>[0] {
  return { timeMs: nanosToMillis(timeNanos), function: service, kind, severity, body }
}
