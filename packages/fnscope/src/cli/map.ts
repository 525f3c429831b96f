// `fnscope map`: the service map as a table of nodes, each with the calls that it makes below it.
import type { Command } from 'commander'
import type { ConsoleMap } from '../api/console-types.ts'
import { createClient } from './client.ts'
import { sinceMsOf, type JsonOption, type Terminal } from './command.ts'
import { drawMap } from './map-table.ts'

interface MapOptions extends JsonOption {
  readonly since: string
}

const HELP = `
Of each service, and indented of each call between two: requests, requests a second, how many were errors (4xx),
throttled and faults (5xx), and the response time: average, p50, p90, p99.

Examples:
  fnscope map                       the last hour
  fnscope map --since 10m
  fnscope map --json | jq '.nodes[] | select(.calls.fault > 0) | .name'`

export function addMap(program: Command, terminal: Terminal): void {
  program
    .command('map')
    .summary('print the service map')
    .description('Print which services called which: how often, how fast, and how much went wrong.')
    .option('--since <time>', 'how far back: 90s, 10m, 1h, 7d', '1h')
    .option('--json', 'one JSON object: nodes and edges')
    .addHelpText('after', HELP)
    .action(async (options: MapOptions) => runMap(options, terminal))
}

async function runMap(options: MapOptions, terminal: Terminal): Promise<void> {
  const path = `/api/map?sinceMs=${sinceMsOf(options.since)}`
  const client = createClient(terminal.env)
  const map = await terminal.during('Summing up calls', () => client.get<ConsoleMap>(path))
  if (map.behindSpans > 0)
    terminal.notice(`About ${map.behindSpans} spans of the last seconds are not in it yet. Ask again.`)
  if (options.json) terminal.print(JSON.stringify(map))
  else if (map.nodes.length === 0)
    terminal.notice(`No calls in the last ${options.since}. Invoke a function, or look further back with --since.`)
  else for (const line of drawMap(map, terminal.out)) terminal.print(line)
}
