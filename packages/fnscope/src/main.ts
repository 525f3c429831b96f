// argv → one file in cli/. Mistakes end here: a FnscopeError is its sentence and exit status, anything else is our bug.
import { Command, CommanderError } from 'commander'
import { addCold } from './cli/cold.ts'
import { addConfig } from './cli/config.ts'
import { addDemo } from './cli/demo.ts'
import { addDeploy } from './cli/deploy.ts'
import { addDoctor } from './cli/doctor.ts'
import { addFunctions } from './cli/functions.ts'
import { addInit } from './cli/init.ts'
import { addInvoke } from './cli/invoke.ts'
import { addLogs } from './cli/logs.ts'
import { addMap } from './cli/map.ts'
import { addMetrics } from './cli/metrics.ts'
import { Spinner } from './cli/spinner.ts'
import { createPainter } from './cli/terminal.ts'
import { addTraces } from './cli/traces.ts'
import { addUp } from './cli/up.ts'
import type { Terminal } from './cli/command.ts'
import { watchParent } from './cli/watch-parent.ts'
import { FnscopeError } from './errors.ts'
import { VERSION } from './version.ts'

// As the bin does: the command line may hold a token, and every user of the machine can list it.
process.title = 'fnscope'
watchParent(process.env)

const spinner = new Spinner(process.stderr, process.env)
const terminal: Terminal = {
  env: process.env,
  out: createPainter(process.stdout, process.env),
  print: (line) => spinner.above(() => void process.stdout.write(`${line}\n`)),
  notice: (line) => spinner.above(() => void process.stderr.write(`${line}\n`)),
  during: async (label, work) => await spinner.during(label, work),
}

const program = new Command('fnscope')
  .description('Run serverless functions locally; receive, store and show their traces, logs and metrics.')
  .version(VERSION)
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError('(add --help for the options and examples)')

const COMMANDS = [
  addUp,
  addInit,
  addDeploy,
  addInvoke,
  addTraces,
  addCold,
  addMap,
  addLogs,
  addMetrics,
  addFunctions,
  addConfig,
  addDoctor,
  addDemo,
]
for (const add of COMMANDS) add(program, terminal)

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // `fnscope traces | head` closes the pipe: that is no failure
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  await program.parseAsync(process.argv)
} catch (error) {
  process.exitCode = exitStatus(error)
}

function exitStatus(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof FnscopeError) {
    const { paint } = createPainter(process.stderr, process.env)
    process.stderr.write(`${paint('red', 'error')} ${error.message} ${paint('dim', `(${error.code})`)}\n`)
    return error.exitCode
  }
  throw error
}
