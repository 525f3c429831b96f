// The store that the configuration asks for: the embedded engine in the data directory, or a server by URL. One code path.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from './config.ts'
import { FnscopeError, messageOf } from './errors.ts'
import type { Logger } from './log.ts'
import { openStore } from './store/connect.ts'
import { startEngine } from './store/engine.ts'
import type { Store } from './store/store.ts'

export interface OpenedStore {
  readonly store: Store
  /** Closes the store, and ends an engine that was started for it. */
  close(): Promise<void>
}

export interface OpenConfiguredStoreOptions {
  readonly dataDir: string
  readonly retention: Config['retention']
  readonly log: Logger
}

/** @throws FnscopeError */
export async function openConfiguredStore(config: Config, options: OpenConfiguredStoreOptions): Promise<OpenedStore> {
  const { dataDir, retention, log } = options
  if (config.storeUrl !== undefined) {
    const { storeUrl: url, storePassword: password, cluster, storeCa } = config
    const store = await openStore({
      url,
      ...(password === undefined ? {} : { password }),
      ...(cluster === undefined ? {} : { cluster }),
      ...(storeCa === undefined ? {} : { ca: readAuthority(storeCa) }),
      retention,
      log,
    })
    return { store, close: () => store.close() }
  }
  const engine = await startEngine({ dataDir: join(dataDir, 'store'), log })
  try {
    const { username, password } = engine
    const store = await openStore({ url: () => engine.url, username, password, alone: true, retention, log })
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

function readAuthority(path: string): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new FnscopeError('FNS_USAGE', `The file of --store-ca cannot be read: ${messageOf(error)}.`, { cause: error })
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new FnscopeError('FNS_USAGE', `The file ${path} of --store-ca holds no certificate in PEM form.`)
}
