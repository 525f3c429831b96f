// `fnscope traces`: the newest traces as a list, or one trace as a tree.
import type { Command } from 'commander'
import type { ConsoleTrace, ConsoleTraceList, ConsoleTraceRow } from '../api/console-types.ts'
import { FnscopeError } from '../errors.ts'
import { createClient, type Client } from './client.ts'
import { sinceMsOf, type JsonOption, type Terminal } from './command.ts'
import { formatDuration, printableLine } from './terminal.ts'
import { drawTrace } from './trace-tree.ts'

interface TracesOptions extends JsonOption {
  readonly since: string
  readonly id?: string
  readonly limit: string
}

const HELP = `
Examples:
  fnscope traces                          the last hour's traces, newest first
  fnscope traces --since 10m --limit 5
  fnscope traces 'service("orders") { fault } AND annotation.customer = "cust-1"'
  fnscope traces --id 1-63dd2166-434a12c22e1307ff2114f299
  fnscope traces --json | jq .id          one JSON object a line`

export function addTraces(program: Command, terminal: Terminal): void {
  program
    .command('traces')
    .summary('list traces, or draw one')
    .description('List the newest traces, or draw one of them as a tree with its durations, errors and annotations.')
    .argument('[filter]', 'X-Ray filter expression, such as: duration > 1 AND !ok')
    .option('--since <time>', 'how far back: 90s, 10m, 1h, 7d', '1h')
    .option('--id <trace>', 'draw this trace: 1-…-… or 32 hex digits')
    .option('--limit <n>', 'at most so many', '20')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', HELP)
    .action(async (filter: string | undefined, options: TracesOptions) => runTraces(filter, options, terminal))
}

async function runTraces(filter: string | undefined, options: TracesOptions, terminal: Terminal): Promise<void> {
  const client = createClient(terminal.env)
  if (options.id !== undefined) {
    const trace = await client.get<ConsoleTrace>(`/api/traces/${encodeURIComponent(options.id)}`)
    if (options.json) terminal.print(JSON.stringify(trace))
    else for (const line of drawTrace(trace, terminal.out)) terminal.print(line)
    return
  }
  const traces = await terminal.during('Searching', () => search(client, filter, options))
  if (options.json) {
    for (const trace of traces) terminal.print(JSON.stringify(trace))
    return
  }
  if (traces.length === 0 && filter !== undefined)
    terminal.notice(`No traces in the last ${options.since} meet the filter. Look further back with --since.`)
  else if (traces.length === 0)
    terminal.notice(`No traces in the last ${options.since}. Invoke a function, or look further back with --since.`)
  for (const trace of traces) terminal.print(traceLine(trace, terminal))
}

/** The pages of the list until there are enough of them. */
async function search(client: Client, filter: string | undefined, options: TracesOptions): Promise<ConsoleTraceRow[]> {
  const limit = limitOf(options.limit)
  const query = new URLSearchParams({
    sinceMs: String(sinceMsOf(options.since)),
    ...(filter === undefined ? {} : { filter }),
  })
  const found: ConsoleTraceRow[] = []
  for (;;) {
    query.set('limit', String(Math.min(limit - found.length, PAGE_SIZE)))
    const { traces, cursor } = await client.get<ConsoleTraceList>(`/api/traces?${query.toString()}`)
    found.push(...traces)
    if (cursor === undefined || found.length >= limit) return found
    query.set('cursor', cursor)
  }
}

const PAGE_SIZE = 1000
const MAX_LIMIT = 1_000_000

function limitOf(text: string): number {
  const limit = Number(text)
  if (text.trim() !== '' && Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit
  throw new FnscopeError('FNS_USAGE', `--limit wants a whole number from 1 to ${MAX_LIMIT}, not "${text}".`)
}

function traceLine(trace: ConsoleTraceRow, terminal: Terminal): string {
  const { paint } = terminal.out
  const mark = trace.fault
    ? paint('red', 'fault')
    : trace.throttle
      ? paint('red', 'throttle')
      : trace.error
        ? paint('red', 'error')
        : ''
  const status = trace.status === undefined ? '' : `[HTTP: ${trace.status}]`
  const partial = trace.partial ? paint('yellow', 'in progress') : ''
  const words = [
    new Date(trace.startMs).toISOString(),
    paint('cyan', trace.id),
    formatDuration(trace.durationMs).padStart(8),
    printableLine(trace.name),
    status,
    mark,
    partial,
  ]
  return words.filter((word) => word !== '').join('  ')
}
