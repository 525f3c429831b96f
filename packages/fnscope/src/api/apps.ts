// What is deployed: reads an app's directory, gives its functions to the platform and opens its REST fronts.
import { resolve } from 'node:path'
import type { Counters } from '../counters.ts'
import { readApp } from '../deploy/read-app.ts'
import type { RestApiSpec } from '../functions/function-spec.ts'
import type { Platform } from '../functions/platform.ts'
import type { Logger } from '../log.ts'
import type { Span } from '../span/span.ts'
import type { ConsoleApp, ConsoleFunction } from './console-types.ts'
import { openRestFront, rewriteOutputs, type RestFront } from './rest-front.ts'

export interface AppsOptions {
  readonly platform: Platform
  readonly region: string
  readonly accountId: string
  readonly cacheDir: string
  readonly host: string
  readonly segmentStyle: 'old' | 'new' | undefined
  readonly findPython: (runtime: string) => Promise<string>
  /** Progress and notices for the person at the terminal. */
  readonly notify: (line: string) => void
  readonly onStageSpan: (span: Span) => void
  readonly log: Logger
  readonly counters: Counters
}

interface Deployed {
  readonly app: ConsoleApp
  readonly fronts: readonly RestFront[]
  /** Function name → URLs of its routes. */
  readonly routes: ReadonlyMap<string, readonly string[]>
}

export class Apps {
  readonly #options: AppsOptions
  readonly #deployed = new Map<string, Deployed>()

  constructor(options: AppsOptions) {
    this.#options = options
  }

  /** Deploys the app in `dir`, replacing an earlier deployment of the same stack. @throws FnscopeError */
  async deploy(dir: string): Promise<ConsoleApp> {
    const { platform, notify, region, accountId, cacheDir, findPython, segmentStyle } = this.#options
    const spec = await readApp(resolve(dir), {
      region,
      accountId,
      cacheDir,
      findPython,
      notify,
      onProgress: notify,
      ...(segmentStyle === undefined ? {} : { segmentStyle }),
    })
    await this.#close(spec.stack)
    platform.deploy(spec)
    const fronts: RestFront[] = []
    for (const api of spec.restApis) fronts.push(await this.#openFront(api))
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
    }
    this.#deployed.set(spec.stack, { app, fronts, routes: routeUrls(spec.restApis, fronts) })
    return app
  }

  list(): readonly ConsoleApp[] {
    return [...this.#deployed.values()].map(({ app }) => app)
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

  async #openFront(api: RestApiSpec): Promise<RestFront> {
    const { platform, host, onStageSpan, log, counters, region, accountId } = this.#options
    return await openRestFront(api, {
      host,
      port: 0,
      region,
      accountId,
      log,
      counters,
      onStageSpan,
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
      const list = urls.get(route.functionName) ?? []
      list.push(`${route.method} ${fronts[index]!.url}/${api.stage}${route.path}`)
      urls.set(route.functionName, list)
    }
  }
  return urls
}
