// What is deployed: reads an app's directory, gives its functions to the platform and its triggers to the registry.
import { resolve } from 'node:path'
import type { Config } from '../config.ts'
import type { MadeElsewhere } from '../control/made-elsewhere.ts'
import { readApp, type ReadAppOptions } from '../deploy/read-app.ts'
import { readStack } from '../deploy/read-stack.ts'
import type { Stack as OpenStack } from '../deploy/stack.ts'
import { FnscopeError } from '../errors.ts'
import type { AppSpec, FunctionSpec } from '../functions/function-spec.ts'
import type { AppTriggers } from '../functions/trigger-spec.ts'
import type { TriggerRegistry } from '../functions/triggers/trigger-registry.ts'
import type { Platform } from '../functions/platform.ts'
import type { Stack } from './cloudformation-context.ts'
import type { ConsoleApp, ConsoleFunction } from './console-types.ts'
import type { Fronts } from './front/fronts.ts'
import { withLocalUrls, type LocalPlaces } from './local-urls.ts'

export interface AppsOptions {
  readonly platform: Platform
  readonly region: string
  readonly accountId: string
  readonly cacheDir: string
  readonly segmentStyle: 'old' | 'new' | undefined
  readonly fcTracing: Config['fcTracing']
  readonly findPython: (runtime: string) => Promise<string>
  /** What templates ask of the world around them. */
  readonly surroundings: () => Pick<ReadAppOptions, 'lookups' | 'files'>
  /** Progress and notices for the person at the terminal. */
  readonly notify: (line: string) => void
  readonly triggers: TriggerRegistry
  /** Follow the registry. */
  readonly fronts: Fronts
  /** Makes what functions call, and takes away what it made. Never reject: what fails is told. */
  readonly elsewhere: Pick<MadeElsewhere, 'make' | 'remove'>
  /** Where AWS calls go; undefined before it is known. */
  readonly endpointUrl: () => string | undefined
}

interface Deployed {
  readonly app: ConsoleApp
  readonly deployedMs: number
  readonly resources: AppTriggers['cloudResources']
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
    return this.#inTurn(async () => await this.#start(await this.#read(dir, parameters)))
  }

  /** What the platform gets of a stack whose template came over the API. @throws FnscopeError */
  async readStack(stack: OpenStack): Promise<AppSpec> {
    const { cacheDir, findPython, segmentStyle, notify } = this.#options
    return await readStack(stack, {
      cacheDir,
      findPython,
      // What was uploaded is what runs: dependencies are in it or they are not.
      built: true,
      onProgress: notify,
      ...(segmentStyle === undefined ? {} : { segmentStyle }),
    })
  }

  /** Deploys an app that was read already. */
  deploySpec(spec: AppSpec): Promise<ConsoleApp> {
    return this.#inTurn(() => this.#start(spec))
  }

  /**
   * Takes a stack's functions and fronts away, and what was made for it at the other cloud; what they recorded stays.
   * @throws FnscopeError FNS_APP_NOT_FOUND
   */
  remove(stack: string, { resources = 'go' }: { readonly resources?: 'go' | 'stay' } = {}): Promise<ConsoleApp> {
    return this.#inTurn(async () => {
      const deployed = this.#deployed.get(stack)
      if (!deployed) {
        const known = [...this.#deployed.keys()].join(', ') || 'none'
        throw new FnscopeError('FNS_APP_NOT_FOUND', `There is no stack "${stack}". Deployed: ${known}.`)
      }
      this.#deployed.delete(stack)
      this.#options.triggers.replace(stack, undefined)
      this.#options.triggers.settle()
      await this.#options.fronts.settled()
      this.#options.platform.remove(stack)
      if (resources === 'go')
        await this.#options.elsewhere.remove(deployed.resources.filter(({ retained }) => !retained))
      return deployed.app
    })
  }

  /** One after the other: two deployments of a stack at once would leave a front of the first one open. */
  #inTurn(change: () => Promise<ConsoleApp>): Promise<ConsoleApp> {
    const changed = this.#underway.then(change)
    this.#underway = changed.catch(() => undefined)
    return changed
  }

  async #read(dir: string, parameters: Readonly<Record<string, string>>): Promise<AppSpec> {
    const { notify, region, accountId, cacheDir, findPython, segmentStyle, fcTracing, surroundings } = this.#options
    return await readApp(resolve(dir), {
      ...surroundings(),
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
  }

  async #start(spec: AppSpec): Promise<ConsoleApp> {
    const { platform, triggers, fronts, elsewhere } = this.#options
    // Functions may have the URLs of APIs in their variables: those listen first.
    triggers.replace(spec.stack, spec.triggers)
    await fronts.settled()
    const places = this.#places()
    await elsewhere.make(spec.triggers.cloudResources)
    await platform.deploy({ ...spec, functions: spec.functions.map((one) => withLocalVariables(one, places)) })
    triggers.settle()
    const outputs = withLocalUrls(spec.outputs, places)
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
      resources: spec.triggers.cloudResources,
      routes: routeUrls(spec.triggers, triggers),
    })
    return app
  }

  /** The same values with the addresses here of what the platform has. */
  localUrls(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    return withLocalUrls(values, this.#places())
  }

  #places(): LocalPlaces {
    const { fronts, endpointUrl } = this.#options
    return { fronts: fronts.list(), endpointUrl: endpointUrl() }
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
}

function withLocalVariables(spec: FunctionSpec, places: LocalPlaces): FunctionSpec {
  return { ...spec, environment: withLocalUrls(spec.environment, places) }
}

function routeUrls(
  { restApis, httpApis, functionUrls, fcTriggers }: AppTriggers,
  registry: TriggerRegistry,
): Map<string, string[]> {
  const urls = new Map<string, string[]>()
  const add = (functionName: string, id: string, route: (url: string) => string): void => {
    const url = registry.urlOf(id)
    const name = functionName.split(':')[0]!
    if (url !== undefined) urls.set(name, [...(urls.get(name) ?? []), route(url)])
  }
  for (const { apiId, stage, routes } of restApis)
    for (const { target, method, path } of routes)
      if (target.kind === 'function') add(target.functionName, apiId, (url) => `${method} ${url}/${stage}${path}`)
  for (const { apiId, stage, routes } of httpApis)
    for (const { target, method, path } of routes)
      if (target.kind === 'function')
        add(target.functionName, apiId, (url) => {
          const below = `${url}${stage === '$default' ? '' : `/${stage}`}`
          return `${method} ${below}${path === '$default' ? '/' : path}`
        })
  for (const { id, functionName, methods } of fcTriggers) add(functionName, id, (url) => `${methods.join(',')} ${url}/`)
  for (const { urlId, functionName } of functionUrls) add(functionName, urlId, (url) => `ANY ${url}/`)
  return urls
}
