// What is deployed: the functions of all stacks by name, and the ways in which a caller may name one.
import type { FunctionSpec } from './function-spec.ts'

/** The name within a full ARN, a partial ARN, `name:qualifier` or a plain name. */
export function functionNameOf(text: string): string {
  const arn = /^arn:[^:]+:lambda:[^:]*:[^:]*:function:([^:]+)/.exec(text) ?? /^(?:\d{12}:)?function:([^:]+)/.exec(text)
  if (arn) return arn[1]!
  return text.includes(':') ? text.slice(0, text.indexOf(':')) : text
}

export class FunctionRegistry {
  readonly #stacks = new Map<string, readonly FunctionSpec[]>()

  /** Replaces the functions of `stack`; answers those that were there before. */
  replace(stack: string, functions: readonly FunctionSpec[]): readonly FunctionSpec[] {
    const before = this.#stacks.get(stack) ?? []
    if (functions.length === 0) this.#stacks.delete(stack)
    else this.#stacks.set(stack, functions)
    return before
  }

  all(): FunctionSpec[] {
    return [...this.#stacks.values()].flat()
  }

  /** By name or ARN; else by logical id, the first stack's that has it. */
  find(nameOrArnOrLogicalId: string): FunctionSpec | undefined {
    const name = functionNameOf(nameOrArnOrLogicalId)
    const all = this.all()
    return all.find((spec) => spec.name === name) ?? all.find((spec) => spec.logicalId === name)
  }
}
