// `fnscope logs`: a function's lines and the platform's, oldest first; --follow keeps printing new ones.
import type { Command } from 'commander'
import { setTimeout as delay } from 'node:timers/promises'
import type { ConsoleLogLine } from '../api/console-types.ts'
import { createClient, type Client } from './client.ts'
import { sinceMsOf, type JsonOption, type Terminal } from './command.ts'
import { tellIfUnknown } from './known-functions.ts'
import { formatLogLine } from './log-line.ts'

interface LogsOptions extends JsonOption {
  readonly since: string
  readonly follow?: boolean
  readonly request?: string
  readonly trace?: string
  readonly filter?: string
  readonly filterPattern?: string
  readonly group?: string
  readonly stream?: string
  readonly limit: string
}

const HELP = `
Examples:
  fnscope logs                                the last hour of every function
  fnscope logs HelloWorldFunction --follow
  fnscope logs --group /shop/orders --filter '訂單 failed'
  fnscope logs --filter-pattern '{ $.level = "ERROR" && $.ms > 100 }'
  fnscope logs --trace 1-63dd2166-434a12c22e1307ff2114f299
  fnscope logs --request 630c0f4f-3696-4992-a2a6-885d47b30fb9 --json`

const FOLLOW_MS = 300
/** More lines than this between two looks are cut, and it is said. */
const FOLLOW_LIMIT = 10_000

export function addLogs(program: Command, terminal: Terminal): void {
  program
    .command('logs')
    .summary("print functions' log lines")
    .description("Print the lines of one function or of all: the code's own, and START, END, REPORT and XRAY.")
    .argument('[name]', 'function: physical name, logical id or ARN')
    .option('--since <time>', 'how far back: 90s, 10m, 1h, 7d', '1h')
    .option('-f, --follow', 'keep printing new lines')
    .option('--request <id>', 'lines of one invocation')
    .option('--trace <id>', 'lines of one trace')
    .option('--filter <words>', 'lines that have all these words')
    .option('--filter-pattern <pattern>', 'lines that fit a filter pattern of CloudWatch Logs')
    .option('--group <name>', 'lines of a log group')
    .option('--stream <name>', 'lines of a log stream')
    .option('--limit <n>', 'at most so many lines, the newest', '1000')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', HELP)
    .action(async (name: string | undefined, options: LogsOptions) => runLogs(name, options, terminal))
}

async function runLogs(name: string | undefined, options: LogsOptions, terminal: Terminal): Promise<void> {
  const client = createClient(terminal.env)
  const sinceMs = sinceMsOf(options.since)
  const startedMs = performance.now()
  const query = new URLSearchParams({ sinceMs: String(sinceMs), limit: options.limit })
  if (name !== undefined) query.set('function', name)
  if (options.request !== undefined) query.set('request', options.request)
  if (options.trace !== undefined) query.set('trace', options.trace)
  if (options.filter !== undefined) query.set('filter', options.filter)
  if (options.filterPattern !== undefined) query.set('pattern', options.filterPattern)
  if (options.group !== undefined) query.set('group', options.group)
  if (options.stream !== undefined) query.set('stream', options.stream)
  const first = await printLines(client, query, options, terminal)
  let after = first.newest
  if (first.printed === 0) {
    if (!options.follow) terminal.notice(`No log lines in the last ${options.since}.`)
    await tellIfUnknown(client, name, terminal)
  }
  while (options.follow) {
    await delay(FOLLOW_MS)
    // the moment that --since meant stays where it was: a line that is stored late is still after it
    query.set('sinceMs', String(Math.ceil(sinceMs + performance.now() - startedMs)))
    if (after !== undefined) {
      query.set('after', after)
      query.set('limit', String(FOLLOW_LIMIT))
    }
    after = (await printLines(client, query, options, terminal)).newest ?? after
  }
}

interface Printed {
  readonly printed: number
  /** The newest `received` of what was looked at, if there was anything. */
  readonly newest: string | undefined
}

/** Prints what the query finds. */
async function printLines(
  client: Client,
  query: URLSearchParams,
  options: LogsOptions,
  terminal: Terminal,
): Promise<Printed> {
  const answer = await client.get<{
    readonly lines: readonly ConsoleLogLine[]
    readonly newest?: string
    readonly more?: boolean
  }>(`/api/logs?${query.toString()}`)
  const { lines } = answer
  if (answer.more === true)
    terminal.notice('The pattern was tried on the newest 10000 lines: narrow by a function, --group or --since.')
  else if (lines.length === FOLLOW_LIMIT)
    terminal.notice(`More than ${FOLLOW_LIMIT} lines at once: older ones are left out.`)
  let newest = BigInt(answer.newest ?? 0)
  for (const line of lines) {
    if (BigInt(line.received) > newest) newest = BigInt(line.received)
    terminal.print(options.json ? JSON.stringify(line) : formatLogLine(line, terminal.out))
  }
  return { printed: lines.length, newest: newest === 0n ? undefined : String(newest) }
}
