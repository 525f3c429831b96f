// What is deployed and what runs it: each function's environments, its start command, and how many invocations are
// running, for the concurrency limits. It invokes nothing itself.
import { existsSync } from 'node:fs'
import { FnscopeError, messageOf } from '../errors.ts'
import { changeableDirs, codeFingerprint } from './code-fingerprint.ts'
import { collectorNotice } from './collector-extension.ts'
import { EnvironmentPool, type EnvironmentPoolOptions } from './environment-pool.ts'
import { FunctionRegistry } from './function-registry.ts'
import { bringsCollector } from './layer-extensions.ts'
import { isForeign, launchRuntime, OWN_ARCHITECTURE, prepareRuntime, runsHere } from './runtimes/launch-runtime.ts'
import { ThrottledError } from './throttled-error.ts'
import type { Environment } from './environment.ts'
import type { EnvironmentOptions } from './environment-options.ts'
import type { AppSpec, FunctionSpec } from './function-spec.ts'
import type { Launch, RuntimeHost } from './runtimes/launch.ts'

/** One deployed function and what runs it. */
export interface Deployed {
  readonly spec: FunctionSpec
  readonly fingerprint: string
  readonly pool: EnvironmentPool
  launch: Promise<Launch> | undefined
  running: number
}

export interface DeploymentsOptions extends EnvironmentPoolOptions {
  readonly runtimes: RuntimeHost
  readonly maxConcurrency: number
}

export class Deployments {
  readonly #options: DeploymentsOptions
  readonly #registry = new FunctionRegistry()
  readonly #deployed = new Map<string, Deployed>()
  /** Replaced or removed, with invocations that still run. */
  readonly #retired = new Set<EnvironmentPool>()
  /** Notices that the user has had. */
  readonly #said = new Set<string>()
  #running = 0

  constructor(options: DeploymentsOptions) {
    this.#options = options
  }

  /** The stack's functions from now on; unchanged ones keep their environments. An empty list removes the stack. */
  replace(stack: string, functions: AppSpec['functions']): void {
    const before = this.#registry.replace(stack, functions)
    const kept = new Set<string>()
    for (const spec of functions) {
      const fingerprint = codeFingerprint(spec, this.#changeableDirs(spec))
      const key = keyOf(spec)
      const old = this.#deployed.get(key)
      kept.add(key)
      if (old?.fingerprint === fingerprint) continue
      if (old) this.#retire(old.pool)
      const pool = new EnvironmentPool(this.#options)
      this.#deployed.set(key, { spec, fingerprint, pool, launch: undefined, running: 0 })
    }
    for (const spec of before) if (!kept.has(keyOf(spec))) this.#drop(spec)
  }

  /** Looks at all code again. @returns functions whose code has changed: from now on they run it, in new environments */
  refresh(): FunctionSpec[] {
    const changed: FunctionSpec[] = []
    for (const [name, old] of this.#deployed) {
      const fingerprint = codeFingerprint(old.spec, this.#changeableDirs(old.spec))
      if (old.fingerprint === fingerprint) continue
      this.#retire(old.pool)
      const pool = new EnvironmentPool(this.#options)
      this.#deployed.set(name, { spec: old.spec, fingerprint, pool, launch: undefined, running: 0 })
      changed.push(old.spec)
    }
    return changed
  }

  /** Where code of functions and layers is that may change. */
  codeDirs(): string[] {
    return [...new Set(this.all().flatMap((spec) => this.#changeableDirs(spec)))]
  }

  #changeableDirs(spec: FunctionSpec): string[] {
    return changeableDirs(spec, this.#options.runtimes.cacheDir)
  }

  all(): FunctionSpec[] {
    return this.#registry.all()
  }

  find(nameOrArnOrLogicalId: string): FunctionSpec | undefined {
    return this.#registry.find(nameOrArnOrLogicalId)
  }

  /** @param version a published one; absent, or one that is not there: $LATEST */
  deployed(nameOrArnOrLogicalId: string, version?: string): Deployed | undefined {
    const latest = this.find(nameOrArnOrLogicalId)
    const spec = latest && version !== undefined ? (this.#registry.version(latest.name, version) ?? latest) : latest
    return spec && this.#deployed.get(keyOf(spec))
  }

  /** Environments that exist now, of one function or of all. */
  environmentCount(functionName?: string): number {
    let count = 0
    for (const { pool, spec } of this.#deployed.values())
      if (functionName === undefined || functionName === spec.name) count += pool.size
    return count
  }

  /**
   * Installs runtime clients and finds what starts the functions, ahead of the first call. What fails is told, and again by
   * each call that needs it.
   */
  async prepare(functions: readonly FunctionSpec[]): Promise<void> {
    const { runtimes } = this.#options
    for (const spec of functions) {
      const notice = collectorNotice(spec, bringsCollector(spec.layerDirs))
      if (notice === undefined || this.#said.has(notice)) continue
      this.#said.add(notice)
      runtimes.notify(notice)
    }
    const foreign = functions.filter(isForeign)
    if (foreign.length > 0) {
      runtimes.notify(
        `${foreign.map((spec) => spec.logicalId).join(', ')}: for ${foreign[0]!.architecture}, and run here on ${OWN_ARCHITECTURE} with this machine's interpreters and packages; compiled files of their own must be for ${OWN_ARCHITECTURE}.`,
      )
    }
    for (const those of Map.groupBy(functions, (spec) => spec.runtime).values()) {
      const { runtime } = those[0]!
      const refused = those.filter((spec) => !runsHere(spec)).map((spec) => spec.logicalId)
      if (refused.length > 0)
        runtimes.notify(`${refused.join(', ')}: this version of fnscope does not run ${runtime}; a call is refused.`)
      try {
        await Promise.all(those.filter(runsHere).map(async (spec) => await prepareRuntime(spec, runtimes)))
      } catch (error) {
        runtimes.notify(`Functions on ${runtime} cannot run yet: ${messageOf(error)}`)
      }
    }
    for (const spec of functions) {
      const deployed = this.#deployed.get(keyOf(spec))
      // What fails is the call's to say.
      if (deployed && runsHere(spec)) await this.launch(deployed).catch(() => {})
    }
  }

  /** @throws FnscopeError FNS_CODE_NOT_FOUND, FNS_RUNTIME_UNSUPPORTED, FNS_RUNTIME_MISSING, FNS_BUILD_FAILED */
  async launch(deployed: Deployed): Promise<Launch> {
    const { spec } = deployed
    if (!existsSync(spec.codeDir)) {
      throw new FnscopeError(
        'FNS_CODE_NOT_FOUND',
        `The code of function ${spec.name} (${spec.logicalId}) is not at ${spec.codeDir}. Build or deploy the app again.`,
      )
    }
    const launch = (deployed.launch ??= launchRuntime(spec, this.#options.runtimes))
    try {
      return await launch
    } catch (error) {
      // What was missing may be there at the next call.
      if (deployed.launch === launch) deployed.launch = undefined
      throw error
    }
  }

  /**
   * Counts one more running invocation until `release` is called; one whose caller has the answer is as good as over.
   * @throws ThrottledError over a limit
   */
  admit(deployed: Deployed): { readonly concurrent: number; readonly release: () => void } {
    const reserved = deployed.spec.reservedConcurrency
    const before = deployed.running - deployed.pool.settling
    if (reserved !== undefined && before >= reserved)
      throw new ThrottledError('ReservedFunctionConcurrentInvocationLimitExceeded')
    const { maxConcurrency } = this.#options
    if (this.#running >= maxConcurrency && this.#running - this.#settling() >= maxConcurrency)
      throw new ThrottledError('ConcurrentInvocationLimitExceeded')
    deployed.running += 1
    this.#running += 1
    return {
      concurrent: before + 1,
      release: () => {
        deployed.running -= 1
        this.#running -= 1
      },
    }
  }

  /**
   * An environment for an invocation that was admitted: one of the function's own, or a new one with these options.
   * @throws ThrottledError when as many as are reserved are still at work, for callers who have their answers
   */
  async environment({ spec, pool }: Deployed, options: () => EnvironmentOptions): Promise<Environment> {
    const free = await pool.free()
    if (free) return free
    if (spec.reservedConcurrency !== undefined && pool.busy >= spec.reservedConcurrency)
      throw new ThrottledError('ReservedFunctionConcurrentInvocationLimitExceeded')
    return pool.start(options())
  }

  /** Ends idle environments now, busy ones after their invocation. */
  retire(): void {
    for (const { pool } of this.#deployed.values()) pool.retire()
  }

  /** Ends all environments at once, those of replaced functions too. Resolves when idle ones have had their last words. */
  async kill(): Promise<void> {
    const pools = [...[...this.#deployed.values()].map(({ pool }) => pool), ...this.#retired]
    for (const pool of pools) pool.kill()
    await Promise.all(pools.map((pool) => pool.ended()))
  }

  #settling(): number {
    let count = 0
    for (const { pool } of this.#deployed.values()) count += pool.settling
    return count
  }

  #drop(spec: FunctionSpec): void {
    const { name, version } = spec
    const deployed = this.#deployed.get(keyOf(spec))
    // Another stack may have a function of that name by now.
    const another =
      version === undefined ? this.#registry.find(name)?.name === name : this.#registry.version(name, version)
    if (!deployed || another) return
    this.#retire(deployed.pool)
    this.#deployed.delete(keyOf(spec))
  }

  #retire(pool: EnvironmentPool): void {
    for (const other of this.#retired) if (other.size === 0) this.#retired.delete(other)
    pool.retire()
    if (pool.size > 0) this.#retired.add(pool)
  }
}

/** A published version has environments of its own. */
function keyOf({ name, version }: FunctionSpec): string {
  return version === undefined ? name : `${name}:${version}`
}
