// `fnscope doctor`: what this machine offers to functions, and what is missing. Starts nothing, changes nothing.
import { Option, type Command } from 'commander'
import { readConfig } from '../config.ts'
import { lookAtMachine, type Machine } from '../machine.ts'
import type { JsonOption, Terminal } from './command.ts'

const HELP = `
Examples:
  fnscope doctor                         how functions will run here, and which Python and Node versions there are
  fnscope doctor --isolation namespace   fail with the reason if there are no namespaces`

export function addDoctor(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .summary('show what this machine offers to functions')
    .description('Show how functions are kept apart on this machine, and which interpreters are installed for them.')
    .addOption(new Option('--isolation <way>', 'as of up').choices(['auto', 'namespace', 'none']))
    .option('--json', 'as one JSON object')
    .addHelpText('after', HELP)
    .action(async ({ json, ...flags }: JsonOption & { readonly isolation?: string }) => {
      const machine = await lookAtMachine(readConfig(flags, terminal.env))
      if (json) terminal.print(JSON.stringify(machine))
      else for (const line of lines(machine, terminal)) terminal.print(line)
    })
}

function lines({ isolation, runtimes }: Machine, { out: { paint } }: Terminal): string[] {
  const good = isolation.active === 'namespace' ? paint('green', '●') : paint('yellow', '●')
  return [
    `${good} isolation     ${isolation.active}: ${isolation.says}`,
    ...runtimes.map(({ runtime, version, path }) =>
      version === undefined
        ? `${paint('dim', '○')} ${runtime.padEnd(13)} ${paint('dim', 'not installed: the nearest version stands in')}`
        : `${paint('green', '●')} ${runtime.padEnd(13)} ${version}  ${paint('dim', path ?? '')}`,
    ),
  ]
}
