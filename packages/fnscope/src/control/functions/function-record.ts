// What Lambda's API knows of a function beyond what the platform runs: plain data, as it lies in the data directory.
import type { FunctionSpec } from '../../functions/function-spec.ts'
import type { EventSourceSpec, FunctionUrlSpec } from '../../functions/trigger-spec.ts'

/** Configuration and code of $LATEST or of one version. */
export interface FunctionState {
  readonly spec: FunctionSpec
  readonly roleArn: string
  readonly layerArns: readonly string[]
  /** Base64. */
  readonly codeSha256: string
  readonly codeSize: number
  readonly modifiedMs: number
  readonly revisionId: string
  /** Members that change nothing here, as they were put: VpcConfig, KMSKeyArn, FileSystemConfigs, SnapStart … */
  readonly settings: Readonly<Record<string, unknown>>
}

export interface FunctionRecord extends FunctionState {
  readonly name: string
  /** Created over the API: nothing else brings it back after a restart. */
  readonly own: boolean
  /** Of a stack, and changed over the API since. */
  readonly changed: boolean
  /** What its stack said of it when it was changed: a deploy that says the same leaves the change. */
  readonly base?: FunctionSpec
  readonly versions: readonly FunctionState[]
  /** The number of the next version. */
  readonly nextVersion: number
  readonly aliases: readonly Alias[]
  /** By qualifier, '' for none. */
  readonly policies: Readonly<Record<string, Policy>>
  readonly eventInvoke: Readonly<Record<string, EventInvokeConfig>>
  readonly provisioned: Readonly<Record<string, Provisioned>>
  readonly urls: Readonly<Record<string, FunctionUrl>>
  readonly recursiveLoop: string
  readonly runtimeUpdate: string
}

export interface Alias {
  readonly name: string
  readonly version: string
  readonly description: string
  /** Version → its share, 0 to 1. */
  readonly weights: Readonly<Record<string, number>>
  readonly revisionId: string
}

export interface Policy {
  readonly revisionId: string
  readonly statements: readonly { readonly Sid: string; readonly [member: string]: unknown }[]
}

export interface EventInvokeConfig {
  readonly modifiedMs: number
  readonly maximumRetryAttempts?: number
  readonly maximumEventAgeSeconds?: number
  readonly onSuccessArn?: string
  readonly onFailureArn?: string
}

export interface Provisioned {
  readonly requested: number
  readonly modifiedMs: number
}

export interface FunctionUrl {
  readonly spec: FunctionUrlSpec
  /** As it was put. */
  readonly cors?: unknown
  readonly createdMs: number
  readonly modifiedMs: number
}

export interface LayerVersion {
  readonly name: string
  readonly version: number
  readonly createdMs: number
  readonly description: string
  readonly runtimes: readonly string[]
  readonly architectures: readonly string[]
  readonly license?: string
  readonly codeSha256: string
  readonly codeSize: number
  readonly dir: string
  readonly policy?: Policy
}

export interface EventSource {
  readonly spec: EventSourceSpec
  readonly modifiedMs: number
}

/** What a function has beside its latest state before anything was done to it. */
export function blankRecord(name: string): Omit<FunctionRecord, keyof FunctionState | 'own'> {
  return {
    name,
    changed: false,
    versions: [],
    nextVersion: 1,
    aliases: [],
    policies: {},
    eventInvoke: {},
    provisioned: {},
    urls: {},
    recursiveLoop: 'Terminate',
    runtimeUpdate: 'Auto',
  }
}
