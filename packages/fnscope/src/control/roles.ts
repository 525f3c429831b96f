// IAM roles and customer-managed policies, as documents: nothing here allows or denies.
import { StateFile, type StateFileOptions } from './state-file.ts'

export interface Role {
  readonly name: string
  readonly path: string
  readonly arn: string
  readonly createdMs: number
  /** JSON text. */
  readonly trust: string
  readonly description: string
  readonly maxSessionSeconds: number
  readonly boundaryArn?: string
  readonly tags: Readonly<Record<string, string>>
  readonly attachedArns: readonly string[]
  /** Policy name → JSON text. */
  readonly inline: Readonly<Record<string, string>>
}

export interface Policy {
  readonly name: string
  readonly path: string
  readonly arn: string
  readonly createdMs: number
  readonly updatedMs: number
  readonly description: string
  readonly tags: Readonly<Record<string, string>>
  /** The oldest first; `v1`, `v2` … */
  readonly versions: readonly { readonly id: string; readonly document: string; readonly createdMs: number }[]
  readonly defaultVersion: string
}

interface State {
  readonly roles: Readonly<Record<string, Role>>
  readonly policies: Readonly<Record<string, Policy>>
}

export class Roles {
  readonly #file: StateFile<State>

  constructor(options: Pick<StateFileOptions<State>, 'path' | 'log'>) {
    this.#file = new StateFile({ ...options, empty: { roles: {}, policies: {} } })
  }

  role(name: string): Role | undefined {
    const { roles } = this.#file.current
    return Object.hasOwn(roles, name) ? roles[name] : undefined
  }

  roles(): readonly Role[] {
    return Object.values(this.#file.current.roles).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  putRole(role: Role): void {
    this.#file.replace({ ...this.#file.current, roles: { ...this.#file.current.roles, [role.name]: role } })
  }

  removeRole(name: string): void {
    const { [name]: _, ...roles } = this.#file.current.roles
    this.#file.replace({ ...this.#file.current, roles })
  }

  policy(arn: string): Policy | undefined {
    const { policies } = this.#file.current
    return Object.hasOwn(policies, arn) ? policies[arn] : undefined
  }

  policies(): readonly Policy[] {
    return Object.values(this.#file.current.policies).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  putPolicy(policy: Policy): void {
    this.#file.replace({ ...this.#file.current, policies: { ...this.#file.current.policies, [policy.arn]: policy } })
  }

  removePolicy(arn: string): void {
    const { [arn]: _, ...policies } = this.#file.current.policies
    this.#file.replace({ ...this.#file.current, policies })
  }
}
