// What the flows of the guides share: a directory to work in, the tools' commands run there, and prompts answered in a
// terminal.
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { APPS, BIN, ROOT, run, temporaryDir, VENV, type StartedFnscope } from '../started-fnscope.ts'

/** Runs a command in a terminal of its own; the program says how. */
export const ANSWER_PROMPTS = fileURLToPath(new URL('answer_prompts.py', import.meta.url))

export interface Flow {
  readonly dir: string
  /** Lines that were run, those in a terminal too. */
  readonly ran: ReadonlySet<string>
  /** Runs a line of shell in the directory, or in one below it; its output. Fails the test when the line fails. */
  sh(line: string, below?: string): Promise<string>
  /** The same for a line that is to fail. */
  fails(line: string): Promise<string>
  /** In a terminal: Enter at every question but those that a rule answers. */
  answering(rules: readonly (readonly [pattern: string, answer: string])[], command: readonly string[]): Promise<string>
}

/** @param app copied from test/apps, without its samconfig.toml; the directory is empty when there is none of that name */
export function startFlow(fnscope: StartedFnscope, app: string, options: { readonly venv?: string } = {}): Flow {
  const dir = join(temporaryDir('flow'), app)
  if (existsSync(join(APPS, app)))
    cpSync(join(APPS, app), dir, {
      recursive: true,
      filter: (path) => !/samconfig\.toml$|\.aws-sam$|__pycache__$/.test(path),
    })
  else mkdirSync(dir)
  const ownBin = join(dirname(dir), 'bin')
  mkdirSync(ownBin)
  symlinkSync(BIN, join(ownBin, 'fnscope'))
  const bins = [
    ownBin,
    ...(options.venv === undefined ? [] : [join(ROOT, '.fnscope/venvs', options.venv, 'bin')]),
    join(VENV, 'bin'),
  ]
  const env = {
    ...fnscope.clientEnv,
    PATH: [...bins, join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(':'),
    CDK_DISABLE_CLI_TELEMETRY: '1',
    JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION: '1',
    HOME: dir,
    COLUMNS: '200',
  }
  const ran = new Set<string>()
  const shell = async (line: string, below = '.'): Promise<{ readonly code: number | null; readonly text: string }> => {
    const { code, stdout, stderr } = await run('bash', ['-c', `cd ${JSON.stringify(join(dir, below))} && ${line}`], {
      env,
      input: '',
    })
    return { code, text: stdout + stderr }
  }
  return {
    dir,
    ran,
    async sh(line, below) {
      ran.add(line)
      const { code, text } = await shell(line, below)
      assert.equal(code, 0, `${line}\n${text}\n${fnscope.stderr()}`)
      return text
    },
    async fails(line) {
      const { code, text } = await shell(line)
      assert.notEqual(code, 0, `${line}\n${text}`)
      return text
    },
    async answering(rules, command) {
      ran.add(command.join(' '))
      const args = [
        ANSWER_PROMPTS,
        JSON.stringify(rules),
        'bash',
        '-c',
        `cd ${JSON.stringify(dir)} && ${command.join(' ')}`,
      ]
      const { code, stdout, stderr } = await run(join(VENV, 'bin/python'), args, { env, input: '' })
      assert.equal(code, 0, `${command.join(' ')}\n${stdout}\n${stderr}\n${fnscope.stderr()}`)
      // Colours and cursor moves: a terminal gets them.
      return stripVTControlCharacters(stdout)
    },
  }
}

/** Lines of the `sh` blocks of a page of docs/guide. */
export function commandsOf(page: string): readonly string[] {
  const text = readFileSync(join(ROOT, 'docs/guide', page), 'utf8')
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)]
  return blocks.flatMap(([, block]) => block!.split('\n').filter((line) => line !== ''))
}

/** The answer of a GET, whatever its status. */
export async function get(url: string): Promise<string> {
  return await (await fetch(url)).text()
}
