// What the stack engine needs of the rest of fnscope, so that it can be tried without it.
import type { Stack } from '../../deploy/stack.ts'
import type { AppSpec, FunctionSpec } from '../../functions/function-spec.ts'
import type { ResourceMaker } from './resource-maker.ts'
import type { ResourceRecord } from './stack-record.ts'

export interface StackHost {
  /** The functions of the stack and what calls them; unpacks code, installs what is missing. @throws FnscopeError */
  read(stack: Stack): Promise<AppSpec>
  /** Gives them to the platform, in place of the stack's earlier ones. */
  deploy(app: AppSpec): Promise<void>
  /** The same values with the addresses here of what the platform has. */
  localUrls(values: Readonly<Record<string, string>>): Readonly<Record<string, string>>
  /** Takes them away. */
  remove(stackName: string): Promise<void>
  /** A function that its stack left behind is there as one that was made by hand. */
  keep(spec: FunctionSpec, resource: ResourceRecord): Promise<void>
  /** Undefined: the type is not emulated. */
  makerOf(type: string, emulated: boolean): ResourceMaker
}
