// `fnscope functions`: what is deployed, and where it is reached.
import type { Command } from 'commander'
import type { ConsoleFunction } from '../api/console-types.ts'
import { createClient } from './client.ts'
import type { JsonOption, Terminal } from './command.ts'
import { readFunctions } from './known-functions.ts'

const HELP = `
Examples:
  fnscope functions
  fnscope functions --json | jq -r .name`

export function addFunctions(program: Command, terminal: Terminal): void {
  program
    .command('functions')
    .summary('list the deployed functions')
    .description('List the functions of the running fnscope with their runtime, limits, tracing mode and URLs.')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', HELP)
    .action(async (options: JsonOption) => {
      const functions = await readFunctions(createClient(terminal.env))
      if (functions.length === 0) terminal.notice('No functions. Deploy an app: fnscope deploy APP_DIR')
      for (const each of functions) terminal.print(options.json ? JSON.stringify(each) : describe(each, terminal))
    })
}

function describe(each: ConsoleFunction, terminal: Terminal): string {
  const { paint } = terminal.out
  const lines = [
    `${paint('bold', each.logicalId)}  ${each.name}`,
    paint(
      'dim',
      `  ${each.runtime}  ${each.handler}  ${each.memoryMb} MB  ${each.timeoutSeconds} s  tracing ${each.tracing}`,
    ),
    ...each.urls.map((url) => `  ${paint('cyan', url)}`),
  ]
  return lines.join('\n')
}
