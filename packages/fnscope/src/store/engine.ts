// The embedded store: a real ClickHouse server in a child process, on loopback, guarded by a password, started again when
// it dies or stops answering. From here on it is a URL like any other server's: nothing else is special about it.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'

import { FnscopeError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { type EngineChild, spawnEngine } from './engine-child.ts'
import {
  defaultMemoryMaxBytes,
  ENGINE_USER,
  type EngineFiles,
  prepareDataDir,
  readOrCreatePassword,
  writeEngineConfig,
} from './engine-config.ts'
import {
  DIRECTORY_LOCKED,
  dataLocked,
  dataUnwritable,
  lastLines,
  PORT_TAKEN,
  portTaken,
  startFailed,
} from './engine-failure.ts'
import { findEngineLibrary } from './engine-library.ts'
import { type DataLock, takeDataLock } from './engine-lock.ts'
import { awaitEngine, pause, watchEngine } from './engine-watch.ts'
import { engineEnded, takeBackNotes } from './unwritten-parts.ts'

export interface EngineOptions {
  readonly dataDir: string
  readonly log: Logger
  /** Default: 1 GiB, at most half of the machine's (or container's) memory. */
  readonly memoryMaxBytes?: number
  /** 0 or absent: a free one, kept across restarts. */
  readonly port?: number
}

export interface Engine {
  /** `http://127.0.0.1:PORT`. Changes only when somebody else took the port while the engine was being restarted. */
  readonly url: string
  readonly username: string
  readonly password: string
  /** Of the current child; during a restart, of the last one. */
  readonly pid: number
  readonly restarts: number
  /** Resolves when the current child answers; during a restart it waits. Rejects with FNS_STORE_UNREACHABLE after stop(). */
  whenReady(): Promise<void>
  /** Ends the child (in about 30 ms) and gives the directory free. What was acknowledged is stored. Twice is fine. */
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 60_000
/** The engine of a killed fnscope dies within milliseconds; a machine under load takes longer. */
const OLD_ENGINE_TIMEOUT_MS = 10_000
const BACKOFF_FIRST_MS = 100
const BACKOFF_MOST_MS = 5000
/** A child that lived shorter than this was no success: the back-off goes on. */
const STEADY_MS = 10_000
const STOP_TIMEOUT_MS = 800

/**
 * Starts the engine on a data directory, which it creates if need be, and returns when it answers.
 * Throws FnscopeError FNS_ENGINE_MISSING, FNS_DATA_UNWRITABLE, FNS_DATA_IN_USE, FNS_PORT_IN_USE (a port asked for by
 * number), FNS_ENGINE_START (with the engine's own last lines).
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const library = findEngineLibrary()
  const { files, lock } = claimDirectory(options.dataDir)
  let engine: EmbeddedEngine | undefined
  try {
    engine = new EmbeddedEngine(options, library, files, lock)
    await engine.start()
    return engine
  } catch (error) {
    await engine?.stop()
    lock.release()
    throw error instanceof FnscopeError ? error : dataUnwritable(options.dataDir, error)
  }
}

function claimDirectory(dataDir: string): { readonly files: EngineFiles; readonly lock: DataLock } {
  try {
    return { files: prepareDataDir(dataDir), lock: takeDataLock(dataDir) }
  } catch (error) {
    throw error instanceof FnscopeError ? error : dataUnwritable(dataDir, error)
  }
}

class EmbeddedEngine implements Engine {
  readonly username = ENGINE_USER
  readonly password: string
  readonly #options: EngineOptions
  readonly #library: string
  readonly #files: EngineFiles
  readonly #lock: DataLock
  readonly #identity = `fnscope ${randomUUID()}\n`
  readonly #stopping = new AbortController()
  #child: EngineChild | undefined
  #port: number
  #restarts = 0
  #ready = pendingReady()
  #supervising: Promise<void> | undefined

  constructor(options: EngineOptions, library: string, files: EngineFiles, lock: DataLock) {
    this.#options = options
    this.#library = library
    this.#files = files
    this.#lock = lock
    this.#port = options.port ?? 0
    this.password = readOrCreatePassword(files)
    const memoryMaxBytes = options.memoryMaxBytes ?? defaultMemoryMaxBytes()
    writeEngineConfig(files, { password: this.password, memoryMaxBytes, identity: this.#identity })
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get restarts(): number {
    return this.#restarts
  }

  whenReady(): Promise<void> {
    return this.#ready.promise
  }

  async start(): Promise<void> {
    const { dataDir, port } = this.#options
    const until = performance.now() + OLD_ENGINE_TIMEOUT_MS
    for (;;) {
      const failure = await this.#launch()
      if (failure === undefined) break
      const retry = performance.now() < until
      if (DIRECTORY_LOCKED.test(failure)) {
        if (!retry) throw dataLocked(dataDir, this.#files.dataPath)
        await pause(100, this.#stopping.signal)
      } else if (!PORT_TAKEN.test(failure)) throw startFailed(dataDir, failure)
      else if (port || !retry) throw portTaken(this.#port)
      else this.#port = 0
    }
    this.#ready.resolve()
    this.#supervising = this.#supervise()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#ready.reject(stopped())
    this.#ready = pendingReady()
    this.#ready.reject(stopped())
    await this.#end()
    await this.#supervising
    // A restart may have been on its way.
    await this.#end()
    this.#lock.release()
  }

  /** One child, until it answers: undefined; or until it failed: what it said. */
  async #launch(): Promise<string | undefined> {
    if (this.#port === 0) this.#port = await freePort()
    if (this.#stopping.signal.aborted) return 'stopped'
    await this.#takeBackNotes()
    const child = spawnEngine(this.#library, this.#files, this.#port)
    this.#child = child
    if (await awaitEngine(child, this.#port, this.#identity, START_TIMEOUT_MS, this.#stopping.signal)) return undefined
    const ending = child.ending() ?? `no answer on port ${this.#port} in ${START_TIMEOUT_MS / 1000} s`
    child.kill('SIGKILL')
    await child.exited
    return `${child.output().trim()}\n(${ending})`.trim()
  }

  async #takeBackNotes(): Promise<void> {
    const { dataPath } = this.#files
    if (!(await engineEnded(dataPath, OLD_ENGINE_TIMEOUT_MS, this.#stopping.signal))) return
    const taken = await takeBackNotes(dataPath)
    if (taken > 0) this.#options.log.info({ taken }, 'inserts that the store had noted and not written are taken again')
  }

  async #supervise(): Promise<void> {
    let backoffMs = BACKOFF_FIRST_MS
    while (this.#child !== undefined) {
      const since = performance.now()
      const reason = await watchEngine(this.#child, this.#port, this.#identity)
      if (this.#stopping.signal.aborted) return
      this.#ready = pendingReady()
      const fields = { enginePid: this.pid, reason, output: lastLines(this.#child.output()) }
      this.#options.log.warn(fields, 'the embedded store ended, starting it again')
      if (performance.now() - since > STEADY_MS) backoffMs = BACKOFF_FIRST_MS
      backoffMs = await this.#relaunch(backoffMs)
      if (this.#stopping.signal.aborted) return
      this.#options.log.warn({ enginePid: this.pid, url: this.url }, 'the embedded store is back')
      this.#ready.resolve()
    }
  }

  /** Tries until a child answers or stop() is called; returns the back-off for the next time. */
  async #relaunch(firstBackoffMs: number): Promise<number> {
    for (let backoffMs = firstBackoffMs; ;) {
      await pause(backoffMs, this.#stopping.signal)
      if (this.#stopping.signal.aborted) return backoffMs
      backoffMs = Math.min(backoffMs * 2, BACKOFF_MOST_MS)
      this.#restarts++
      const failure = await this.#launch()
      if (failure === undefined || this.#stopping.signal.aborted) return backoffMs
      if (PORT_TAKEN.test(failure)) this.#port = 0
      this.#options.log.warn({ reason: lastLines(failure) }, 'the embedded store did not start, trying again')
    }
  }

  /** SIGTERM ends the engine like a kill; what it acknowledged is in files by then. SYSTEM SHUTDOWN ends it no other way. */
  async #end(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.ending() !== undefined) return
    child.kill('SIGTERM')
    await pause(STOP_TIMEOUT_MS, child.gone)
    if (!child.gone.aborted) child.kill('SIGKILL')
    await child.exited
  }
}

function stopped(): FnscopeError {
  return new FnscopeError('FNS_STORE_UNREACHABLE', 'The embedded store has been stopped.')
}

function pendingReady(): PromiseWithResolvers<void> {
  const ready = Promise.withResolvers<void>()
  // Nobody may be waiting when it is rejected.
  ready.promise.catch(() => {})
  return ready
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
