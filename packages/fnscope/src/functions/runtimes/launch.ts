// What a runtime gives the platform: the command of one execution environment and the variables it adds.

import type { FunctionSpec } from '../function-spec.ts'
import type { FunctionPaths } from '../isolation/function-paths.ts'
import type { Isolation } from '../isolation/isolation.ts'

export interface Launch {
  readonly command: readonly string[]
  /** As the function sees it. */
  readonly cwd: string
  readonly paths: FunctionPaths
  /** Directories before the system's on PATH. */
  readonly binDirs: readonly string[]
  /** Variables of the runtime: below the platform's reserved ones, above the function's own. */
  readonly variables: Readonly<Record<string, string>>
  /** `python:3.11.7`, as INIT_START names it. */
  readonly version: string
}

/** Where installed runtime clients are kept, and who hears of progress and of warnings. */
export interface RuntimeHost {
  readonly cacheDir: string
  readonly isolation: Isolation
  /** Another version of a runtime never stands in for a missing one. */
  readonly strict?: boolean | undefined
  readonly notify: (text: string) => void
}

/** Runtimes that are started in the same way. */
export interface RuntimeFamily {
  /** As a message lists them: `python3.x`. */
  readonly names: string
  runs(spec: FunctionSpec): boolean
  /** @throws FnscopeError FNS_RUNTIME_MISSING, FNS_BUILD_FAILED */
  prepare(spec: FunctionSpec, host: RuntimeHost): Promise<void>
  /** @throws FnscopeError FNS_RUNTIME_MISSING, FNS_BUILD_FAILED, FNS_CODE_NOT_FOUND */
  launch(spec: FunctionSpec, host: RuntimeHost): Promise<Launch>
}
