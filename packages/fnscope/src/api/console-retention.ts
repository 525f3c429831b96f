// How long each signal is kept, set by the console: what another retention would delete, and carrying it out.
import type { FastifyInstance } from 'fastify'
import { queryOf } from './console-query.ts'
import type { ConsoleRetention, ConsoleRetentionDays, ConsoleRetentionPreview } from './console-types.ts'

export interface ConsoleRetentionOptions {
  readonly retention: {
    readonly current: () => ConsoleRetentionDays
    readonly isFixed: boolean
    /** The current one with the days that are named. @throws FnscopeError FNS_USAGE */
    readonly with: (named: unknown) => ConsoleRetentionDays
    readonly expired: (next: ConsoleRetentionDays) => Promise<ConsoleRetentionPreview['deletes']>
    /** Resolves when it is carried out. @throws FnscopeError */
    readonly change: (next: ConsoleRetentionDays) => Promise<void>
  }
}

/**
 * GET /api/retention: what it is. GET /api/retention/preview?spansDays=3…: what such a one deletes at once. PUT
 * /api/retention: sets it. Signals that are not named stay as they are.
 */
export function mountConsoleRetention(server: FastifyInstance, { retention }: ConsoleRetentionOptions): void {
  const now = (): ConsoleRetention => ({ ...retention.current(), fixed: retention.isFixed })
  server.get('/api/retention', (_, reply) => reply.send(now()))
  server.get('/api/retention/preview', async (request): Promise<ConsoleRetentionPreview> => {
    const named = Object.entries(queryOf(request)).map(([name, text]) => [name, Number(text)])
    const next = retention.with(Object.fromEntries(named))
    return { ...next, deletes: await retention.expired(next) }
  })
  server.put('/api/retention', async (request) => {
    await retention.change(retention.with(jsonOf(request.body)))
    return now()
  })
}

function jsonOf(body: unknown): unknown {
  try {
    return JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '')
  } catch {
    return undefined
  }
}
