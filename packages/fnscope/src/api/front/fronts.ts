// The listeners of all APIs and function URLs there are: follows the registry of triggers. Each keeps its port, through
// later deployments and, where it is still free, through restarts.
import { readFileSync, writeFileSync } from 'node:fs'
import { messageOf } from '../../errors.ts'
import type { TriggerRegistry } from '../../functions/triggers/trigger-registry.ts'
import type { FrontKind } from './front-exchange.ts'
import type { FrontOptions } from './front-options.ts'
import { fcTriggerFront } from './fc-trigger-front.ts'
import { functionUrlFront } from './function-url-front.ts'
import { httpApiFront } from './http-api-front.ts'
import { openHttpFront, type HttpFront } from './http-front.ts'
import { restApiFront } from './rest-api-front.ts'

export interface FrontsOptions extends Omit<FrontOptions, 'port' | 'sample'> {
  readonly triggers: TriggerRegistry
  /** Where ports are remembered. */
  readonly portsFile: string
  /** A new decider for a traced stage whose caller decided nothing; absent: every request is traced. */
  readonly newSampler?: (() => () => boolean) | undefined
}

export class Fronts {
  readonly #options: FrontsOptions
  readonly #open = new Map<string, HttpFront>()
  readonly #ports: Map<string, number>
  #underway: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: FrontsOptions) {
    this.#options = options
    this.#ports = readPorts(options.portsFile)
    options.triggers.onChange(() => {
      this.#underway = this.#underway.then(() => this.#follow())
    })
  }

  /** Resolves when every API that the registry has listens. */
  async settled(): Promise<void> {
    await this.#underway
  }

  list(): readonly Pick<HttpFront, 'id' | 'url'>[] {
    return [...this.#open.values()]
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#underway
    await Promise.all([...this.#open.values()].map((front) => front.stop()))
  }

  async #follow(): Promise<void> {
    if (this.#stopped) return
    const wanted = kindsOf(this.#options.triggers)
    for (const [id, front] of this.#open) {
      if (wanted.has(id)) continue
      this.#open.delete(id)
      this.#options.triggers.noteUrl(id, undefined)
      await front.stop()
    }
    for (const [id, kind] of wanted) {
      const front = this.#open.get(id)
      if (front !== undefined) front.use(kind)
      else await this.#add(id, kind)
    }
  }

  async #add(id: string, kind: FrontKind): Promise<void> {
    const { triggers, portsFile, newSampler, ...options } = this.#options
    const open = (port: number): Promise<HttpFront> =>
      openHttpFront(kind, { ...options, port, ...(newSampler === undefined ? {} : { sample: newSampler() }) })
    try {
      // Somebody else may have taken it in between.
      const front = await open(this.#ports.get(id) ?? 0).catch(() => open(0))
      this.#open.set(id, front)
      triggers.noteUrl(id, front.url)
      this.#ports.set(id, Number(new URL(front.url).port))
      writeFileSync(portsFile, JSON.stringify(Object.fromEntries(this.#ports)), { mode: 0o600 })
    } catch (error) {
      options.log.error({ api: kind.label, reason: messageOf(error) }, 'API does not listen')
    }
  }
}

function kindsOf(triggers: TriggerRegistry): ReadonlyMap<string, FrontKind> {
  const kinds = new Map<string, FrontKind>()
  for (const [id, stages] of Map.groupBy(triggers.all('restApis'), ({ apiId }) => apiId))
    kinds.set(id, restApiFront(stages))
  for (const [id, stages] of Map.groupBy(triggers.all('httpApis'), ({ apiId }) => apiId))
    kinds.set(id, httpApiFront(stages))
  for (const trigger of triggers.all('fcTriggers')) kinds.set(trigger.id, fcTriggerFront(trigger))
  for (const url of triggers.all('functionUrls')) kinds.set(url.urlId, functionUrlFront(url))
  return kinds
}

function readPorts(file: string): Map<string, number> {
  try {
    const read = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>
    return new Map(Object.entries(read).filter((entry): entry is [string, number] => Number.isInteger(entry[1])))
  } catch {
    return new Map()
  }
}
