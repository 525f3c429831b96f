// Python dependencies of code that `sam build` has not built: `pip install --target` into a cache that is keyed by what is
// asked for. A directory under its key is always whole: it is made elsewhere and renamed.
import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { FnscopeError } from '../errors.ts'

export interface BuildOptions {
  readonly cacheDir: string
  /** The interpreter to run pip with. @throws FnscopeError FNS_RUNTIME_MISSING */
  readonly findPython: (runtime: string) => Promise<string>
  /** One short line about a step that takes time. */
  readonly onProgress?: (line: string) => void
}

export interface Requirements {
  readonly runtime: string
  /** The text of requirements.txt. */
  readonly text: string
  /** Where pip runs: relative paths and -r files are relative to it. */
  readonly dir: string
  /** Who needs it, for messages: `function hello`. */
  readonly label: string
}

/** Files go to `<dir>/python`, so that the same directory serves as a dependency directory and as a layer. */
export interface Build {
  readonly dir: string
  readonly pythonDir: string
}

const running = new Map<string, Promise<Build>>()

/** Lines that ask for something: no comments, no blanks. */
function wanted(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '')
}

/** The text with the files that it includes by -r and -c, which count into the key. */
async function withIncluded(text: string, dir: string, depth = 0): Promise<string> {
  let all = text
  for (const line of wanted(text)) {
    const included = /^(?:-r|-c|--requirement|--constraint)[\s=]+(\S+)/.exec(line)?.[1]
    if (included === undefined || depth > 4) continue
    const file = resolve(dir, included)
    const inner = await readFile(file, 'utf8').catch(() => '')
    all += `\n# ${included}\n${await withIncluded(inner, dirname(file), depth + 1)}`
  }
  return all
}

/** Undefined when nothing is asked for. @throws FnscopeError FNS_BUILD_FAILED, and what findPython throws */
export async function buildRequirements(wants: Requirements, options: BuildOptions): Promise<Build | undefined> {
  if (wanted(wants.text).length === 0) return undefined
  const text = await withIncluded(wants.text, wants.dir)
  const key = createHash('sha256')
    .update(JSON.stringify([text, wants.runtime, process.platform, process.arch]))
    .digest('hex')
    .slice(0, 32)
  const dir = join(resolve(options.cacheDir), 'build', key)
  return await makeOnce(dir, async (temporary) => {
    const python = await options.findPython(wants.runtime)
    options.onProgress?.(`installing the Python packages of ${wants.label}`)
    const list = join(temporary, 'requirements.txt')
    await writeFile(list, absoluteIncludes(wants.text, wants.dir))
    await runPip(python, ['--target', join(temporary, 'python'), '-r', list], wants)
  })
}

/** The directory `dir`, filled by `fill` unless it is there already; `fill` is given another to work in. */
export async function makeOnce(dir: string, fill: (temporary: string) => Promise<void>): Promise<Build> {
  const underway = running.get(dir)
  if (underway) return underway
  const job = make(dir, fill).finally(() => running.delete(dir))
  running.set(dir, job)
  return job
}

async function make(dir: string, fill: (temporary: string) => Promise<void>): Promise<Build> {
  const build = { dir, pythonDir: join(dir, 'python') }
  if (await isDirectory(dir)) return build
  const temporary = `${dir}.${randomUUID()}`
  await mkdir(temporary, { recursive: true })
  try {
    await fill(temporary)
    // Another process may have finished first; its directory holds the same.
    await rename(temporary, dir).catch(async (error: unknown) => {
      if (!(await isDirectory(dir))) throw error
    })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return build
}

// Includes are relative to the file that names them: pip reads a copy, so `-r x` is spelled from the original's place.
function absoluteIncludes(text: string, dir: string): string {
  return text.replaceAll(
    /^(\s*(?:-r|-c|--requirement|--constraint|-e|--editable)[\s=]+)(\.{0,2}[\w./-]+)/gm,
    (_whole, flag: string, path: string) => flag + resolve(dir, path),
  )
}

async function runPip(python: string, args: readonly string[], wants: Requirements): Promise<void> {
  const fixed = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--no-warn-script-location']
  const { failed, lastLines } = await runInstaller(python, [...fixed, ...args], wants.dir)
  if (!failed) return
  throw new FnscopeError(
    'FNS_BUILD_FAILED',
    `pip could not install what ${wants.label} needs (${join(wants.dir, 'requirements.txt')}, ${wants.runtime}). Its last lines:\n` +
      `${lastLines}\n` +
      'Without a network, run `sam build` where there is one, or point pip at a local index (PIP_FIND_LINKS, PIP_NO_INDEX).',
    { cause: failed },
  )
}

/** Runs pip or npm to its end; its last lines are for the message when it fails. */
export async function runInstaller(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly failed: Error | null; readonly lastLines: string }> {
  const { promise, resolve: done } = Promise.withResolvers<{ readonly failed: Error | null; readonly output: string }>()
  const child = execFile(program, [...args], { cwd, maxBuffer: 64 * 1024 * 1024 }, (failed, stdout, stderr) =>
    done({ failed, output: `${stdout}\n${stderr}` }),
  )
  // whoever ends fnscope meanwhile ends the installer with it
  const kill = (): void => void child.kill()
  process.once('exit', kill)
  const { failed, output } = await promise
  process.off('exit', kill)
  const last = output
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(-8)
  return { failed, lastLines: last.map((line) => `  ${line}`).join('\n') || `  ${failed?.message}` }
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}
