// GET /api/settings: what this process was started with, as far as it is no secret.
import type { Config } from '../config.ts'
import { VERSION } from '../version.ts'
import type { ConsoleSettings } from './console-types.ts'

export function consoleSettings(
  config: Config,
  at: Pick<ConsoleSettings, 'url' | 'dataDir' | 'retention'>,
): ConsoleSettings {
  const { sampling, ack, fsync, storeUrl, roles, region, accountId } = config
  return {
    version: VERSION,
    ...at,
    sampling,
    ack,
    fsync,
    store: storeUrl === undefined ? 'embedded' : 'server',
    roles,
    region,
    accountId,
  }
}
