// `fnscope deploy` and `fnscope remove`: give an app's functions to a running fnscope, and take them away again.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { ConsoleApp } from '../api/console-types.ts'
import { FnscopeError } from '../errors.ts'
import { appLines } from './app-lines.ts'
import { createClient, type Client } from './client.ts'
import { collect, PARAMETER_FLAG, PARAMETER_HELP, parametersOf, type JsonOption, type Terminal } from './command.ts'

interface DeployOptions extends JsonOption {
  readonly parameter?: readonly string[]
}

const DEPLOY_HELP = `
Examples:
  fnscope deploy ./sam-app
  fnscope deploy . --parameter Stage=dev --parameter Table=orders
  fnscope deploy . --json | jq -r '.urls[]'`

const REMOVE_HELP = `
Examples:
  fnscope remove sam-app        by the stack's name
  fnscope remove ./sam-app      by its directory`

export function addDeploy(program: Command, terminal: Terminal): void {
  program
    .command('deploy')
    .summary("run an app's functions in the running fnscope")
    .description('Run the functions of an app in the running fnscope; an earlier deployment is replaced.')
    .argument('<app>', 'directory of a SAM, CDK or Serverless Devs project, or its template')
    .option(PARAMETER_FLAG, PARAMETER_HELP, collect)
    .option('--json', 'the deployed app as one JSON object')
    .addHelpText('after', DEPLOY_HELP)
    .action(async (app: string, options: DeployOptions) => runDeploy(app, options, terminal))
  program
    .command('remove')
    .summary('take an app away from the running fnscope')
    .description('Take the functions of an app away from the running fnscope; what they recorded stays.')
    .argument('<app>', "the stack's name, or the app's directory")
    .option('--json', 'the removed app as one JSON object')
    .addHelpText('after', REMOVE_HELP)
    .action(async (app: string, options: JsonOption) => runRemove(app, options, terminal))
}

async function runDeploy(app: string, options: DeployOptions, terminal: Terminal): Promise<void> {
  const parameters = parametersOf(options.parameter)
  const client = createClient(terminal.env)
  const { app: deployed } = await terminal.during(`Deploying ${app}`, async () =>
    client.ask<{ readonly app: ConsoleApp }>('POST', '/api/apps', {
      dir: resolve(app),
      parameters,
    }),
  )
  for (const notice of deployed.notices) terminal.notice(notice)
  if (options.json) terminal.print(JSON.stringify(deployed))
  else for (const line of appLines(deployed, terminal.out)) terminal.print(line)
}

async function runRemove(app: string, options: JsonOption, terminal: Terminal): Promise<void> {
  const client = createClient(terminal.env)
  const { stack } = await findApp(app, client)
  const removed = await client.ask<{ readonly app: ConsoleApp }>('DELETE', `/api/apps/${encodeURIComponent(stack)}`)
  terminal.print(options.json ? JSON.stringify(removed.app) : `Removed ${stack}.`)
}

async function findApp(app: string, client: Client): Promise<ConsoleApp> {
  const { apps } = await client.get<{ readonly apps: readonly ConsoleApp[] }>('/api/apps')
  const dir = resolve(app)
  const found = apps.find(({ stack }) => stack === app) ?? apps.find((each) => existsSync(dir) && each.dir === dir)
  if (found) return found
  const stacks = apps.map(({ stack }) => stack).join(', ') || 'none'
  throw new FnscopeError('FNS_APP_NOT_FOUND', `Nothing is deployed as or from "${app}". Deployed: ${stacks}.`)
}
