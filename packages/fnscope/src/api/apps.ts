// What is deployed: reads an app's directory, gives its functions to the platform and opens its REST fronts.
import { resolve } from 'node:path'
import type { Config } from '../config.ts'
import type { Counters } from '../counters.ts'
import { readApp } from '../deploy/read-app.ts'
import { FnscopeError } from '../errors.ts'
import type { RestApiSpec } from '../functions/trigger-spec.ts'
import type { Platform } from '../functions/platform.ts'
import type { Logger } from '../log.ts'
import type { Span } from '../span/span.ts'
import type { Stack } from './cloudformation.ts'
import type { ConsoleApp, ConsoleFunction } from './console-types.ts'
import { openRestFront, type RestFront } from './rest-front.ts'
import { rewriteOutputs } from './rewrite-outputs.ts'

export interface AppsOptions {
  readonly platform: Platform
  readonly region: string
  readonly accountId: string
  readonly cacheDir: string
  readonly host: string
  readonly segmentStyle: 'old' | 'new' | undefined
  readonly fcTracing: Config['fcTracing']
  readonly findPython: (runtime: string) => Promise<string>
  /** Progress and notices for the person at the terminal. */
  readonly notify: (line: string) => void
  readonly onStageSpan: (span: Span) => void
  /** A new decider for a traced stage whose caller decided nothing; absent: every request is traced. */
  readonly newStageSampler?: (() => () => boolean) | undefined
  readonly log: Logger
  readonly counters: Counters
}

interface Deployed {
  readonly app: ConsoleApp
  readonly deployedMs: number
  readonly fronts: readonly RestFront[]
  /** Function name → URLs of its routes. */
  readonly routes: ReadonlyMap<string, readonly string[]>
}

export class Apps {
  readonly #options: AppsOptions
  readonly #deployed = new Map<string, Deployed>()
  #underway: Promise<unknown> = Promise.resolve()

  constructor(options: AppsOptions) {
    this.#options = options
  }

  /** Deploys the app in `dir`, replacing an earlier deployment of the same stack. @throws FnscopeError */
  deploy(dir: string, parameters: Readonly<Record<string, string>> = {}): Promise<ConsoleApp> {
    return this.#inTurn(() => this.#deploy(dir, parameters))
  }

  /** Takes a stack's functions and fronts away; what they recorded stays. @throws FnscopeError FNS_APP_NOT_FOUND */
  remove(stack: string): Promise<ConsoleApp> {
    return this.#inTurn(async () => {
      const deployed = this.#deployed.get(stack)
      if (!deployed) {
        const known = [...this.#deployed.keys()].join(', ') || 'none'
        throw new FnscopeError('FNS_APP_NOT_FOUND', `There is no stack "${stack}". Deployed: ${known}.`)
      }
      await this.#close(stack)
      this.#options.platform.remove(stack)
      return deployed.app
    })
  }

  /** One after the other: two deployments of a stack at once would leave a front of the first one open. */
  #inTurn(change: () => Promise<ConsoleApp>): Promise<ConsoleApp> {
    const changed = this.#underway.then(change)
    this.#underway = changed.catch(() => undefined)
    return changed
  }

  async #deploy(dir: string, parameters: Readonly<Record<string, string>>): Promise<ConsoleApp> {
    const { platform, notify, region, accountId, cacheDir, findPython, segmentStyle, fcTracing } = this.#options
    const spec = await readApp(resolve(dir), {
      region,
      accountId,
      cacheDir,
      findPython,
      parameters,
      fcTracing,
      notify,
      onProgress: notify,
      ...(segmentStyle === undefined ? {} : { segmentStyle }),
    })
    await platform.deploy(spec)
    const before = this.#deployed.get(spec.stack)?.fronts ?? []
    await this.#close(spec.stack)
    const fronts: RestFront[] = []
    for (const api of spec.triggers.restApis) fronts.push(await this.#openFront(api, before))
    const outputs = rewriteOutputs(spec.outputs, fronts)
    const urls = Object.fromEntries(
      Object.entries(outputs).filter(([, value]) => /^https?:\/\/(127\.0\.0\.1|localhost)[:/]/.test(value)),
    )
    const app: ConsoleApp = {
      dir: spec.dir,
      stack: spec.stack,
      functions: spec.functions.map(({ logicalId }) => logicalId),
      urls,
      outputs,
      notices: spec.notices,
    }
    this.#deployed.set(spec.stack, {
      app,
      deployedMs: Date.now(),
      fronts,
      routes: routeUrls(spec.triggers.restApis, fronts),
    })
    return app
  }

  list(): readonly ConsoleApp[] {
    return [...this.#deployed.values()].map(({ app }) => app)
  }

  /** As CloudFormation sees what is deployed. */
  stacks(): readonly Stack[] {
    const functions = this.#options.platform.functions()
    return [...this.#deployed.values()].map(({ app, deployedMs }) => ({
      name: app.stack,
      deployedMs,
      outputs: app.outputs,
      functions: functions.filter(({ stack }) => stack === app.stack),
    }))
  }

  functions(): readonly ConsoleFunction[] {
    const { platform } = this.#options
    return platform.functions().map((spec) => ({
      name: spec.name,
      logicalId: spec.logicalId,
      stack: spec.stack,
      runtime: spec.runtime,
      handler: spec.handler,
      timeoutSeconds: spec.timeoutSeconds,
      memoryMb: spec.memoryMb,
      tracing: spec.tracing,
      urls: this.#deployed.get(spec.stack)?.routes.get(spec.name) ?? [],
    }))
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#deployed.keys()].map((stack) => this.#close(stack)))
  }

  async #close(stack: string): Promise<void> {
    const deployed = this.#deployed.get(stack)
    this.#deployed.delete(stack)
    await Promise.all(deployed?.fronts.map((front) => front.stop()) ?? [])
  }

  /** An API that is deployed again keeps its port, so that its URL stays. */
  async #openFront(api: RestApiSpec, before: readonly RestFront[]): Promise<RestFront> {
    const url = before.find((front) => front.apiId === api.apiId)?.url
    if (url === undefined) return await this.#listen(api, 0)
    try {
      return await this.#listen(api, Number(new URL(url).port))
    } catch {
      // Somebody else took it in between.
      return await this.#listen(api, 0)
    }
  }

  async #listen(api: RestApiSpec, port: number): Promise<RestFront> {
    const { platform, host, onStageSpan, newStageSampler, log, counters, region, accountId } = this.#options
    return await openRestFront(api, {
      host,
      port,
      region,
      accountId,
      log,
      counters,
      onStageSpan,
      ...(newStageSampler === undefined ? {} : { sample: newStageSampler() }),
      invoke: async (functionName, payload, traceHeader) =>
        await platform.invoke({
          functionName,
          payload,
          invocationType: 'RequestResponse',
          ...(traceHeader === undefined ? {} : { traceHeader }),
        }),
    })
  }
}

function routeUrls(apis: readonly RestApiSpec[], fronts: readonly RestFront[]): Map<string, string[]> {
  const urls = new Map<string, string[]>()
  for (const [index, api] of apis.entries()) {
    for (const route of api.routes) {
      if (route.target.kind !== 'function') continue
      const list = urls.get(route.target.functionName) ?? []
      list.push(`${route.method} ${fronts[index]!.url}/${api.stage}${route.path}`)
      urls.set(route.target.functionName, list)
    }
  }
  return urls
}
