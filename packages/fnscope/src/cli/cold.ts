// `fnscope cold`: the cold starts of a function, by version, and the newest one as a tree of its phases and imports.
import type { Command } from 'commander'
import type { ConsoleColdStarts } from '../api/console-types.ts'
import { createClient } from './client.ts'
import { drawColdStarts } from './cold-tree.ts'
import { sinceMsOf, type JsonOption, type Terminal } from './command.ts'
import { tellIfUnknown } from './known-functions.ts'

interface ColdOptions extends JsonOption {
  readonly since: string
  readonly all?: boolean
}

const HELP = `
Of each version: how long its cold starts took, in which phases on average, and which imports took longest. Then the
newest cold start as a tree.
Imports are there when fnscope runs with --anatomy (or FNSCOPE_ANATOMY=1), or an SDK tells of them.

Examples:
  fnscope up ./sam-app --anatomy
  fnscope cold HelloWorldFunction
  fnscope cold HelloWorldFunction --since 1d --json | jq '.versions[0].imports[:5]'`

export function addCold(program: Command, terminal: Terminal): void {
  program
    .command('cold')
    .summary('show what the cold starts of a function are made of')
    .description('Show the cold starts of a function: phases, and the imports that they wait for.')
    .argument('<name>', 'function: logical id, or its name')
    .option('--since <time>', 'how far back: 90s, 10m, 1h, 7d', '1h')
    .option('--all', 'of the newest one also what took less than a hundredth of it')
    .option('--json', 'one JSON object: versions and coldStarts')
    .addHelpText('after', HELP)
    .action(async (name: string, options: ColdOptions) => runCold(name, options, terminal))
}

async function runCold(name: string, options: ColdOptions, terminal: Terminal): Promise<void> {
  const path = `/api/functions/${encodeURIComponent(name)}/cold-starts?sinceMs=${sinceMsOf(options.since)}`
  const client = createClient(terminal.env)
  const found = await terminal.during('Reading cold starts', () => client.get<ConsoleColdStarts>(path))
  if (options.json) terminal.print(JSON.stringify(found))
  else if (found.coldStarts.length === 0) {
    terminal.notice(
      `No cold starts of ${found.function} in the last ${options.since}. Invoke it, or look further back.`,
    )
    await tellIfUnknown(client, name, terminal)
  } else for (const line of drawColdStarts(found, terminal.out, options)) terminal.print(line)
}
