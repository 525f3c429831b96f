// What the Lambda console does when somebody switches tracing on: the function's role gets the right to write to X-Ray.
import type { Roles } from './roles.ts'

export const XRAY_WRITE_POLICY = 'arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess'

/** Does nothing when the role is not here or has the policy already. */
export function grantXrayWrite(roles: Roles, roleArn: string): void {
  const role = roles.role(roleArn.slice(roleArn.lastIndexOf('/') + 1))
  if (role === undefined || role.attachedArns.includes(XRAY_WRITE_POLICY)) return
  roles.putRole({ ...role, attachedArns: [...role.attachedArns, XRAY_WRITE_POLICY] })
}
