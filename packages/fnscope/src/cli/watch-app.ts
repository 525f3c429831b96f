// `fnscope up APP_DIR` follows the app: a changed template, configuration or list of packages is deployed again; changed
// code is told (the platform itself runs it at the next call, functions/code-watch.ts).
import { statSync, watch } from 'node:fs'
import { basename, dirname, extname, resolve } from 'node:path'

export interface WatchOptions {
  /** Deploys again; what it throws is told, and what was deployed stays. */
  readonly deploy: () => Promise<unknown>
  /** One line. */
  readonly tell: (line: string) => void
  /** What a failure says. */
  readonly failed: (error: unknown) => void
}

/** Editors write in several steps, and tools several files. */
const SETTLE_MS = 150
const IGNORED = [
  '.git',
  '.fnscope',
  '.venv',
  'venv',
  'node_modules',
  '__pycache__',
  '.pytest_cache',
  '.aws-sam/cache',
  '.aws-sam/deps',
]
const DESCRIBES = new Set(['.yaml', '.yml', '.json', '.toml'])
const LISTS = new Set(['requirements.txt', 'package.json'])
const CODE = new Set(['.py', '.js', '.mjs', '.cjs', '.ts', '.mts', '.rb', '.go', '.rs', '.sh'])

/** `app` is the app's directory or its template. Returns how to stop; where nothing can be watched it says so once. */
export function watchApp(app: string, options: WatchOptions): () => void {
  const target = resolve(app)
  const dir = statSync(target).isDirectory() ? target : dirname(target)
  const changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let underway = Promise.resolve()
  const settle = (): void => {
    const names = [...changed]
    changed.clear()
    underway = underway.then(async () => await follow(names, options))
  }
  try {
    const ignore = IGNORED.flatMap((name) => [name, `**/${name}/**`])
    const watcher = watch(dir, { recursive: true, persistent: false, ignore }, (_, name) => {
      if (name === null || !(describes(name) || CODE.has(extname(name)))) return
      changed.add(name)
      clearTimeout(timer)
      timer = setTimeout(settle, SETTLE_MS)
    })
    watcher.on('error', () => watcher.close())
    return () => {
      clearTimeout(timer)
      watcher.close()
    }
  } catch {
    options.tell(
      `Changes in ${dir} are not seen: the system has no watches left. \`fnscope deploy ${app}\` deploys again.`,
    )
    return () => {}
  }
}

function describes(name: string): boolean {
  return DESCRIBES.has(extname(name)) || LISTS.has(basename(name))
}

async function follow(names: readonly string[], { deploy, tell, failed }: WatchOptions): Promise<void> {
  const reasons = names.filter(describes)
  if (reasons.length === 0) {
    tell(`${shown(names)} changed: the next call runs it.`)
    return
  }
  try {
    await deploy()
    tell(`${shown(reasons)} changed: deployed again.`)
  } catch (error) {
    tell(`${shown(reasons)} changed, and what was deployed before stays:`)
    failed(error)
  }
}

function shown(names: readonly string[]): string {
  return names.length <= 2 ? names.join(' and ') : `${names[0]} and ${names.length - 1} other files`
}
