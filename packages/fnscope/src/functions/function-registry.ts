// What is deployed: the functions of all stacks, found by name, ARN or logical id.
import { parseFunctionName } from './function-name.ts'
import type { FunctionSpec } from './function-spec.ts'

export class FunctionRegistry {
  readonly #stacks = new Map<string, readonly FunctionSpec[]>()

  /** Replaces the functions of `stack`; answers those that were there before. */
  replace(stack: string, functions: readonly FunctionSpec[]): readonly FunctionSpec[] {
    const before = this.#stacks.get(stack) ?? []
    if (functions.length === 0) this.#stacks.delete(stack)
    else this.#stacks.set(stack, functions)
    return before
  }

  /** Without published versions. */
  all(): FunctionSpec[] {
    return this.#every().filter(({ version }) => version === undefined)
  }

  /** A published version. */
  version(name: string, version: string): FunctionSpec | undefined {
    return this.#every().find((spec) => spec.name === name && spec.version === version)
  }

  /** $LATEST, by name or ARN; else by logical id, the first stack's that has it. */
  find(nameOrArnOrLogicalId: string): FunctionSpec | undefined {
    const { name } = parseFunctionName(nameOrArnOrLogicalId)
    const all = this.all()
    return all.find((spec) => spec.name === name) ?? all.find((spec) => spec.logicalId === name)
  }

  #every(): FunctionSpec[] {
    return [...this.#stacks.values()].flat()
  }
}
