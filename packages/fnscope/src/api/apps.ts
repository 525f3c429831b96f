// What is deployed: reads an app's directory, gives its functions to the platform and its triggers to the registry.
import { resolve } from 'node:path'
import type { Config } from '../config.ts'
import type { MadeElsewhere } from '../control/made-elsewhere.ts'
import type { DirectoryStacks } from '../control/stacks/directory-stacks.ts'
import type { ResourceRecord } from '../control/stacks/stack-record.ts'
import { isDerivedName } from '../deploy/physical-name.ts'
import { openApp, type OpenApp, type ReadAppOptions } from '../deploy/read-app.ts'
import { readStack } from '../deploy/read-stack.ts'
import type { Stack as OpenStack } from '../deploy/stack.ts'
import { FnscopeError } from '../errors.ts'
import { withFunctionsOf, type AppSpec, type FunctionSpec } from '../functions/function-spec.ts'
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
  /** The stacks of apps of directories, with their custom resources. */
  readonly directories: DirectoryStacks
  /** A function that its stack left behind is there as one that was made by hand. */
  readonly keep: (spec: FunctionSpec, resource: ResourceRecord) => Promise<void>
  /** The other way: a stack has the function again. */
  readonly release: (name: string) => Promise<void>
  /** Where AWS calls go; undefined before it is known. */
  readonly endpointUrl: () => string | undefined
}

interface Deployed {
  readonly app: ConsoleApp
  readonly spec: AppSpec
  readonly deployedMs: number
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
    return this.#inTurn(async () => {
      const { directories, notify } = this.#options
      const open = (made: MadeOf, tell: (line: string) => void): Promise<OpenApp> =>
        this.#open(dir, parameters, { made, notify: tell })
      let opened = await open((stack) => directories.made(stack), notify)
      let spec = await opened.read()
      const before = this.#deployed.get(spec.stack)?.spec
      const change = directories.begin()
      // Functions that go are there until the custom resources that call them have gone.
      const start = async (): Promise<ConsoleApp> => await this.#start(withFunctionsOf(spec, before))
      try {
        let app = await start()
        const learned = await change.apply(opened.stacks, async (made) => {
          opened = await open(made, () => {})
          return opened.stacks
        })
        if (learned) {
          spec = await opened.read()
          app = await start()
        }
        const kept = await change.settle()
        if (withFunctionsOf(spec, before) !== spec) app = await this.#start(spec)
        await this.#keep(kept, before)
        this.#noteStacks(spec.stack, change.stacks)
        return app
      } catch (error) {
        await change.rollBack()
        if (before === undefined) await this.#drop(spec)
        else await this.#start(before)
        throw error
      }
    })
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
      const { app, spec } = deployed
      const { directories } = this.#options
      if (resources === 'stay') {
        directories.forget(stack)
        await this.#drop(withoutResources(spec))
        return app
      }
      const kept = await directories.remove(stack)
      await this.#drop(spec)
      await this.#keep(kept, spec)
      return app
    })
  }

  /** Takes away what `#start` gave. */
  async #drop({ stack, triggers: { cloudResources } }: AppSpec): Promise<void> {
    const { triggers, fronts, platform, elsewhere } = this.#options
    this.#deployed.delete(stack)
    triggers.replace(stack, undefined)
    triggers.settle()
    await fronts.settled()
    platform.remove(stack)
    await elsewhere.remove(cloudResources.filter(({ retained }) => !retained))
  }

  async #keep(kept: readonly ResourceRecord[], from: AppSpec | undefined): Promise<void> {
    for (const resource of kept) {
      const spec = from?.functions.find(({ name }) => name === resource.physicalId)
      if (spec !== undefined) await this.#options.keep(spec, resource)
    }
  }

  #noteStacks(app: string, stacks: readonly OpenStack[]): void {
    const { directories } = this.#options
    const ids = stacks.map(({ id }) => id)
    directories.noteLive(app, ids)
    for (const { id, outputs } of stacks) {
      const values = this.localUrls(Object.fromEntries(outputs.map(({ key, value }) => [key, value])))
      directories.setOutputs(
        id,
        outputs.map((one) => ({ ...one, value: values[one.key]! })),
      )
    }
  }

  /** One after the other: two deployments of a stack at once would leave a front of the first one open. */
  #inTurn(change: () => Promise<ConsoleApp>): Promise<ConsoleApp> {
    const changed = this.#underway.then(change)
    this.#underway = changed.catch(() => undefined)
    return changed
  }

  async #open(
    dir: string,
    parameters: Readonly<Record<string, string>>,
    { made, notify }: { readonly made: MadeOf; readonly notify: (line: string) => void },
  ): Promise<OpenApp> {
    const { region, accountId, cacheDir, findPython, segmentStyle, fcTracing, surroundings } = this.#options
    return await openApp(resolve(dir), {
      ...surroundings(),
      region,
      accountId,
      cacheDir,
      findPython,
      parameters,
      fcTracing,
      made,
      notify,
      onProgress: this.#options.notify,
      ...(segmentStyle === undefined ? {} : { segmentStyle }),
    })
  }

  async #start(spec: AppSpec): Promise<ConsoleApp> {
    const { platform, triggers, fronts, elsewhere } = this.#options
    const again = checkNames(spec, { there: platform.functions(), own: this.#deployed.get(spec.stack)?.spec })
    for (const name of again) await this.#options.release(name)
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
      spec,
      deployedMs: Date.now(),
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

type MadeOf = NonNullable<ReadAppOptions['made']>

function withoutResources(spec: AppSpec): AppSpec {
  return { ...spec, triggers: { ...spec.triggers, cloudResources: [] } }
}

/**
 * @returns names that the stack left behind: the cloud would draw others, here they are the same again
 * @throws FnscopeError FNS_TEMPLATE_INVALID for a name that a function of somebody else has
 */
function checkNames(
  { functions, stack }: AppSpec,
  { there, own }: { readonly there: readonly FunctionSpec[]; readonly own: AppSpec | undefined },
): readonly string[] {
  const owned = new Set(own?.functions.map(({ name }) => name))
  return functions.flatMap(({ name, logicalId, stack: inner }) => {
    const other = owned.has(name) ? undefined : there.find((one) => one.name === name)
    if (other === undefined) return []
    if (other.stack === '' && isDerivedName(name, { stack: inner, logicalId })) return [name]
    const whose = other.stack === '' ? 'which was made by hand or left by its stack' : `of stack ${other.stack}`
    throw new FnscopeError(
      'FNS_TEMPLATE_INVALID',
      `Resource of type 'AWS::Lambda::Function' with identifier '${name}' already exists. ${logicalId} of ${stack} has the name of a function ${whose}.`,
    )
  })
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
