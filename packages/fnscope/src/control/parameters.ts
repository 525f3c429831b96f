// The parameters of SSM's Parameter Store, with their versions. Nothing is encrypted: a SecureString lies in the data
// directory as it was put.
import { StateFile, type StateFileOptions } from './state-file.ts'

export type ParameterType = 'String' | 'StringList' | 'SecureString'

export interface ParameterVersion {
  readonly version: number
  readonly value: string
  readonly type: ParameterType
  readonly modifiedMs: number
  readonly description?: string
  readonly tier: string
  readonly dataType: string
  readonly keyId?: string
}

export interface Parameter {
  readonly name: string
  /** The oldest first; never empty. */
  readonly versions: readonly ParameterVersion[]
  readonly tags: Readonly<Record<string, string>>
}

interface State {
  readonly parameters: Readonly<Record<string, Parameter>>
}

/** As many as the cloud keeps. */
const MOST_VERSIONS = 100

export class Parameters {
  readonly #file: StateFile<State>

  constructor(options: Pick<StateFileOptions<State>, 'path' | 'log'>) {
    this.#file = new StateFile({ ...options, empty: { parameters: {} } })
  }

  find(name: string): Parameter | undefined {
    const all = this.#file.current.parameters
    return Object.hasOwn(all, name) ? all[name] : undefined
  }

  all(): readonly Parameter[] {
    return Object.values(this.#file.current.parameters).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** A new version, the first one's number is 1. */
  put(name: string, version: Omit<ParameterVersion, 'version'>, tags?: Parameter['tags']): number {
    const before = this.find(name)
    const number = (before?.versions.at(-1)?.version ?? 0) + 1
    const versions = [...(before?.versions ?? []), { ...version, version: number }].slice(-MOST_VERSIONS)
    this.#set({ name, versions, tags: tags ?? before?.tags ?? {} })
    return number
  }

  tag(name: string, tags: Parameter['tags']): void {
    const parameter = this.find(name)
    if (parameter !== undefined) this.#set({ ...parameter, tags })
  }

  /** False: there was none. */
  remove(name: string): boolean {
    const { [name]: gone, ...parameters } = this.#file.current.parameters
    if (gone !== undefined) this.#file.replace({ parameters })
    return gone !== undefined
  }

  #set(parameter: Parameter): void {
    this.#file.replace({ parameters: { ...this.#file.current.parameters, [parameter.name]: parameter } })
  }
}
