// `npm start`: everything on a fresh data directory, the sample SAM app deployed and called once, and what came of it.
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import type { ConsoleLogLine, ConsoleTrace } from '../api/console-types.ts'
import { readConfig } from '../config.ts'
import { FnscopeError } from '../errors.ts'
import { createLogger } from '../log.ts'
import { startServer, type FnscopeServer } from '../server.ts'
import { createClient, type Client } from './client.ts'
import type { Terminal } from './command.ts'
import { printable } from './terminal.ts'
import { drawTrace } from './trace-tree.ts'
import { readyLines } from './ready-lines.ts'
import { firstSignal } from './signals.ts'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..')
const APP_DIR = join(ROOT, 'test/apps/sam-app')
const DATA_DIR = join(ROOT, '.fnscope/start')

export function addDemo(program: Command, terminal: Terminal): void {
  program
    .command('demo', { hidden: true })
    .description('What npm start runs: the sample app, one call, its log lines and its trace.')
    .option('--once', 'stop after that')
    .action(async (options: { readonly once?: boolean }) => runDemo(options.once ?? false, terminal))
}

async function runDemo(once: boolean, terminal: Terminal): Promise<void> {
  const config = readConfig(
    { data: DATA_DIR },
    { ...terminal.env, FNSCOPE_CACHE: terminal.env['FNSCOPE_CACHE'] ?? join(ROOT, '.fnscope/cache') },
  )
  const signal = once ? undefined : firstSignal()
  await using server = await terminal.during('Starting', async () =>
    startServer(config, { log: createLogger(config.logLevel), notify: terminal.notice, fresh: true }),
  )
  terminal.notice('Deploying the sample app (AWS SAM, Python, Powertools) …')
  const app = await terminal.during('Deploying', async () => server.deploy(APP_DIR))
  const url = app.urls['HelloWorldApi']
  if (url === undefined)
    throw new FnscopeError('FNS_INVOKE_FAILED', `The sample app in ${APP_DIR} has no output HelloWorldApi.`)
  await showCall(server, url, terminal)
  if (once) return
  terminal.print('')
  for (const line of readyLines(server, config, terminal.out)) terminal.print(line)
  terminal.print(`  Call again:   curl ${url}\n\n  Ctrl-C ends it.`)
  await signal
}

async function showCall(server: FnscopeServer, url: string, terminal: Terminal): Promise<void> {
  const { paint } = terminal.out
  terminal.print(paint('bold', `$ curl ${url}`))
  const response = await fetch(url)
  terminal.print(printable(await response.text()))
  const traceId = /Root=([^;]+)/.exec(response.headers.get('x-amzn-trace-id') ?? '')?.[1]
  if (!response.ok || traceId === undefined)
    throw new FnscopeError('FNS_INVOKE_FAILED', `${url} answered ${response.status} without a trace id.`)
  await server.flushed()
  const client = createClient(terminal.env, server.url)
  await showLogs(client, traceId, terminal)
  const trace = await client.get<ConsoleTrace>(`/api/traces/${traceId}`)
  terminal.print('')
  for (const line of drawTrace(trace, terminal.out)) terminal.print(line)
}

async function showLogs(client: Client, traceId: string, terminal: Terminal): Promise<void> {
  const { lines } = await client.get<{ readonly lines: readonly ConsoleLogLine[] }>(`/api/logs?trace=${traceId}`)
  terminal.print('')
  for (const line of lines)
    terminal.print(terminal.out.paint(line.kind === 'platform' ? 'dim' : 'reset', printable(line.body)))
}
