// The store that the configuration asks for: the embedded engine in the data directory, or a server by URL. One code path.
import { join } from 'node:path'
import type { Config } from './config.ts'
import type { Logger } from './log.ts'
import { openStore } from './store/connect.ts'
import { startEngine } from './store/engine.ts'
import type { Store } from './store/store.ts'

export interface OpenedStore {
  readonly store: Store
  /** Closes the store, and ends an engine that was started for it. */
  close(): Promise<void>
}

/** @throws FnscopeError */
export async function openConfiguredStore(config: Config, dataDir: string, log: Logger): Promise<OpenedStore> {
  const { retention } = config
  if (config.storeUrl !== undefined) {
    const store = await openStore({ url: config.storeUrl, retention, log })
    return { store, close: () => store.close() }
  }
  const engine = await startEngine({ dataDir: join(dataDir, 'store'), log })
  try {
    const { username, password } = engine
    const store = await openStore({ url: () => engine.url, username, password, retention, log })
    return {
      store,
      async close() {
        await store.close()
        await engine.stop()
      },
    }
  } catch (error) {
    await engine.stop()
    throw error
  }
}
