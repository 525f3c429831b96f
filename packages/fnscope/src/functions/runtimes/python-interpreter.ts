// Finds a Python interpreter that really runs. A pyenv shim whose version is not chosen is on PATH and fails, so each
// candidate is run once and asked for what it is; answers are kept for the life of the process.
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { FnscopeError } from '../../errors.ts'

export interface Interpreter {
  /** sys.executable: never a shim. */
  readonly path: string
  readonly minor: number
  /** 3.11.7 */
  readonly version: string
}

const PROBE =
  'import sys;print(sys.version_info[0],sys.version_info[1],sys.version.split()[0],sys.executable,sep="\\n")'
// Newest first where any will do; 3.8 is the oldest that a client of the Runtime API still installs on.
const KNOWN_MINORS = [14, 13, 12, 11, 10, 9, 8]
const probes = new Map<string, Promise<Interpreter | undefined>>()
const found = new Map<number, Promise<Interpreter>>()

function probe(command: string): Promise<Interpreter | undefined> {
  const known = probes.get(command)
  if (known) return known
  const answer = new Promise<Interpreter | undefined>((resolve) => {
    execFile(command, ['-c', PROBE], { timeout: 15_000 }, (error, stdout) => {
      const [major, minor, version, path] = stdout.trim().split(/\r?\n/)
      resolve(error || major !== '3' || !path ? undefined : { path, minor: Number(minor), version: version! })
    })
  })
  probes.set(command, answer)
  return answer
}

function subdirectories(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}

const patch = (name: string): number => Number(/(\d+)\D*$/.exec(name)?.[1] ?? 0)

// Directories of pyenv and uv that hold 3.<minor>, newest patch first.
function installed(minor: number): string[] {
  const pyenv = join(process.env['PYENV_ROOT'] || join(homedir(), '.pyenv'), 'versions')
  const data = process.env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share')
  const uv = process.env['UV_PYTHON_INSTALL_DIR'] || join(data, 'uv', 'python')
  const in_ = (dir: string, match: RegExp): string[] =>
    subdirectories(dir)
      .filter((name) => match.test(name))
      .sort((a, b) => patch(b) - patch(a))
      .map((name) => join(dir, name, 'bin', 'python3'))
  return [...in_(pyenv, new RegExp(`^3\\.${minor}\\.\\d+$`)), ...in_(uv, new RegExp(`^cpython-3\\.${minor}\\.`))]
}

async function lookFor(minor: number): Promise<Interpreter | undefined> {
  for (const command of [`python3.${minor}`, ...installed(minor), 'python3', 'python']) {
    const interpreter = await probe(command)
    if (interpreter?.minor === minor) return interpreter
  }
  // A directory further on the PATH may hold the real one behind a shim that fails.
  for (const dir of (process.env['PATH'] ?? '').split(delimiter)) {
    const interpreter = await probe(join(dir, `python3.${minor}`))
    if (interpreter?.minor === minor) return interpreter
  }
  return undefined
}

/** For each version that functions may ask for: the interpreter, if it is installed. */
export async function installedPythons(): Promise<
  readonly { readonly minor: number; readonly found: Interpreter | undefined }[]
> {
  return await Promise.all(KNOWN_MINORS.toReversed().map(async (minor) => ({ minor, found: await lookFor(minor) })))
}

/**
 * The interpreter for `python3.<minor>`, or the nearest one with a warning by `notify`, once a version.
 * @throws FnscopeError FNS_RUNTIME_MISSING when there is no Python 3.8 or later at all, or `strict` and not this one
 */
export function findInterpreter(
  minor: number,
  host: { readonly notify: (text: string) => void; readonly strict?: boolean | undefined },
): Promise<Interpreter> {
  const known = found.get(minor)
  if (known) return known
  const answer = find(minor, host)
  found.set(minor, answer)
  // Python may be installed meanwhile: only success is kept.
  answer.catch(() => {
    found.delete(minor)
    probes.clear()
  })
  return answer
}

async function find(minor: number, { notify, strict }: Parameters<typeof findInterpreter>[1]): Promise<Interpreter> {
  const exact = await lookFor(minor)
  if (exact) return exact
  const nearest = KNOWN_MINORS.filter((other) => other !== minor).sort(
    (a, b) => Math.abs(a - minor) - Math.abs(b - minor) || b - a,
  )
  for (const other of nearest) {
    const interpreter = await lookFor(other)
    if (!interpreter) continue
    if (strict === true) {
      throw new FnscopeError(
        'FNS_RUNTIME_MISSING',
        `Python 3.${minor} was not found for python3.${minor}: looked on PATH and in the directories of pyenv and uv; Python ${interpreter.version} is there, but --strict-runtime asks for the version itself. Install Python 3.${minor} and try again.`,
      )
    }
    notify(
      `Python 3.${minor} was not found: functions for it run on Python ${interpreter.version} (${interpreter.path}). Install python3.${minor} to run them as the cloud does.`,
    )
    return interpreter
  }
  throw new FnscopeError(
    'FNS_RUNTIME_MISSING',
    `No Python interpreter was found for python3.${minor}: looked on PATH and in the directories of pyenv and uv. Install Python 3.${minor} (or any from 3.8 on) and try again.`,
  )
}
