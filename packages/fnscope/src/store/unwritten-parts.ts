// The engine notes the token of an insert before the rows' part gets its name (ClickHouse 26.7: the deduplication log's
// addPart stands before renameTempPartAndAdd). Killed in between, it takes the insert that comes again for done, and the
// rows are lost. So before it starts, notes whose part is not there are taken back, in the log's own words.
import { appendFile, open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** Of each table the newest: no more inserts are under way at once. */
const NOTES_LOOKED_AT = 64
/** They stand in no more: a line has some 80 bytes. A log may have megabytes. */
const TAIL_BYTES = 32 * 1024
const LOG_NAME = /^deduplication_log_(\d+)\.txt$/
/** Operation, part, token. */
const NOTE = /^1\t([^\t]+)\t([^\t]+)$/
/** Partition, first and last block, and what else tells parts apart. */
const PART = /^(.+?)_(\d+)_(\d+)_\d+(?:_\d+)?$/

interface Part {
  readonly partition: string
  readonly first: number
  readonly last: number
}

/**
 * To be called when no engine runs on the directory.
 * @param dataPath the engine's
 * @returns how many notes were taken back
 */
export async function takeBackNotes(dataPath: string): Promise<number> {
  const store = join(dataPath, 'store')
  let taken = 0
  for (const prefix of await namesIn(store))
    for (const table of await namesIn(join(store, prefix))) taken += await takeBackOf(join(store, prefix, table))
  return taken
}

async function takeBackOf(table: string): Promise<number> {
  const logs = join(table, 'deduplication_logs')
  const newest = (await namesIn(logs))
    .flatMap((name) => LOG_NAME.exec(name)?.[1] ?? [])
    .reduce((most, number) => Math.max(most, Number(number)), 0)
  if (newest === 0) return 0
  const path = join(logs, `deduplication_log_${newest}.txt`)
  const text = await tailOf(path)
  // A torn line is the engine's to deal with.
  if (!text.endsWith('\n')) return 0
  const parts = (await namesIn(table)).flatMap((name) => partOf(name) ?? [])
  const lines = text.trimEnd().split('\n').slice(-NOTES_LOOKED_AT)
  const back = lines.flatMap((line) => {
    const [, name = '', token] = NOTE.exec(line) ?? []
    const part = partOf(name)
    return part === undefined || parts.some((one) => covers(one, part)) ? [] : [`2\t${name}\t${token}\n`]
  })
  const missing = back.filter((line) => !lines.includes(line.trimEnd()))
  if (missing.length > 0) await appendFile(path, missing.join(''))
  return missing.length
}

async function tailOf(path: string): Promise<string> {
  await using file = await open(path)
  const { size } = await file.stat()
  const length = Math.min(size, TAIL_BYTES)
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length)
  return buffer.toString('utf8')
}

function partOf(name: string): Part | undefined {
  const [, partition, first, last] = PART.exec(name) ?? []
  return partition === undefined || partition.startsWith('tmp_')
    ? undefined
    : { partition, first: Number(first), last: Number(last) }
}

/** It is that part, or was merged from it. */
function covers(one: Part, { partition, first, last }: Part): boolean {
  return one.partition === partition && one.first <= first && one.last >= last
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}

/** Waits for the engine that a killed fnscope left to die; false: one still runs, or may. */
export async function engineEnded(dataPath: string, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  const status = await readFile(join(dataPath, 'status'), 'utf8').catch(() => '')
  const pid = Number(/^PID: (\d+)$/m.exec(status)?.[1] ?? 0)
  const until = performance.now() + timeoutMs
  while (await isEngine(pid, dataPath)) {
    if (performance.now() > until || signal.aborted) return false
    await delay(20)
  }
  return true
}

/** Another process may have the number by now: where that cannot be seen, it counts as the engine. @param pid 0: none */
async function isEngine(pid: number, dataPath: string): Promise<boolean> {
  if (pid === 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  if (process.platform !== 'linux') return true
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return command.split('\0').includes(`--path=${dataPath}`)
}
