// How function processes are kept apart from the machine: in namespaces of their own with the cloud's paths, or, where the
// kernel refuses those, as plain processes whose paths are rewritten. Chosen once, at start.

export type IsolationMode = 'auto' | 'namespace' | 'none'

export interface NamespaceIsolation {
  readonly kind: 'namespace'
  /** A directory with the empty directories that /var gets: `task`, `runtime`, `lang`, `bytecode`. */
  readonly skeletonDir: string
  /** An empty directory: /opt of a function without layers. */
  readonly emptyDir: string
  /** What another cloud's root is made from (cloud-root.ts). */
  readonly rootDir: string
  /** /tmp has a size of its own (tmp-mounts.ts). */
  readonly sizedTmp: boolean
  /** The process table is its own too. Containers refuse that at times. */
  readonly ownProc: boolean
  /** Absent: what the user may write to, functions may. */
  readonly sealed?: SealedMachine | undefined
  /** A directory that functions do not see into: fnscope's own data. */
  readonly hiddenDir?: string | undefined
}

/** The machine's files are read-only to functions, as the cloud's are. */
export interface SealedMachine {
  /** Mount points, the root first. */
  readonly readOnly: readonly string[]
  /** Directories that functions' own ones lie in: these stay writable, for the platform to mount from. */
  readonly writable: readonly string[]
}

export interface PlainIsolation {
  readonly kind: 'none'
  /** A sentence: who refused what, or that it was asked for. */
  readonly reason: string
}

export const PLAIN: PlainIsolation = { kind: 'none', reason: 'Nothing else was asked for.' }

export type Isolation = NamespaceIsolation | PlainIsolation

/** What a namespace shows at `target`: one directory, or several laid over one another, the first one wins. Read-only. */
export interface Mount {
  readonly sources: readonly string[]
  readonly target: string
  readonly writable?: true
  /** With all that is mounted below it, each as writable as it is. */
  readonly whole?: true
}
