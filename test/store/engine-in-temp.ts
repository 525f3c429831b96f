// An engine on a data directory of its own, started at first use and gone with its test file.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import { startEngine, type Engine } from '../../packages/fnscope/src/store/engine.ts'

export interface TempEngine {
  readonly engine: Engine
  /** With user and password in it, as `--store` takes it. */
  readonly url: string
  stop(): Promise<void>
}

export async function startTempEngine(): Promise<TempEngine> {
  const dataDir = await mkdtemp(join(tmpdir(), 'fnscope-store-'))
  const engine = await startEngine({ dataDir, log: silentLogger })
  await engine.whenReady()
  const url = new URL(engine.url)
  url.username = engine.username
  url.password = engine.password
  return {
    engine,
    url: url.href,
    stop: async () => {
      await engine.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
