// The ARNs of functions of Function Compute, made and read: `acs:fc:<region>:<account>:functions/<name>`, in edition 2
// `…:services/<service>/functions/<name>`. Region and account may be empty in one that a user writes.
import type { FunctionSpec } from './function-spec.ts'

export function fcArn(
  { name, fc }: Pick<FunctionSpec, 'name' | 'fc'>,
  { region, accountId }: { readonly region: string; readonly accountId: string },
): string {
  const service = fc?.service ? `services/${fc.service}/` : ''
  return `acs:fc:${region}:${accountId}:${service}functions/${name}`
}

/** The name of the function that the ARN is of; undefined: it is of something else. A qualifier is left out. */
export function fcFunctionOf(arn: string): string | undefined {
  return /^acs:fc:[^:]*:[^:]*:(?:services\/[^/]+\/)?functions\/([^/]+)/.exec(arn)?.[1]
}
