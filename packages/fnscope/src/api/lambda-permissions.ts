// Who may invoke a function: the resource policies of a function, its versions and aliases. Kept and shown; nobody is refused here.
import type { FunctionRecord } from '../control/functions/function-record.ts'
import { newRevision } from '../control/functions/functions.ts'
import { textIn } from './aws-input.ts'
import {
  checkRevision,
  conflict,
  functionArn,
  invalidParameter,
  namedIn,
  notFound,
  recordIn,
  stateOf,
  type LambdaCall,
  type LambdaContext,
  type LambdaRoute,
} from './lambda-context.ts'

const BASE = '/2015-03-31/functions/:name'

export function permissionRoutes(context: LambdaContext): readonly LambdaRoute[] {
  const policyIn = (call: LambdaCall): { readonly record: FunctionRecord; readonly key: string } => {
    const record = recordIn(context, call)
    const { qualifier } = namedIn(call)
    stateOf(context, record, qualifier)
    return { record, key: qualifier ?? '' }
  }
  return [
    {
      method: 'POST',
      path: `${BASE}/policy`,
      status: 201,
      run: async (call) => {
        const { record, key } = policyIn(call)
        const { input } = call
        const before = record.policies[key]
        const sid = textIn(input, 'StatementId') ?? ''
        const [action, principal] = [textIn(input, 'Action') ?? '', textIn(input, 'Principal') ?? '']
        if (!/^(lambda:[*]|lambda:[a-zA-Z]+|[*])$/.test(action))
          throw invalidParameter(
            `1 validation error detected: Value '${action}' at 'action' failed to satisfy constraint: Member must satisfy regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])`,
          )
        if (before?.statements.some((one) => one.Sid === sid) === true)
          throw conflict(
            `The statement id (${sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
          )
        const [sourceArn, sourceAccount] = [textIn(input, 'SourceArn'), textIn(input, 'SourceAccount')]
        const urlAuth = textIn(input, 'FunctionUrlAuthType')
        const condition = {
          ...(sourceAccount !== undefined && { StringEquals: { 'AWS:SourceAccount': sourceAccount } }),
          ...(sourceArn !== undefined && { ArnLike: { 'AWS:SourceArn': sourceArn } }),
          ...(urlAuth !== undefined && { StringEquals: { 'lambda:FunctionUrlAuthType': urlAuth } }),
        }
        const statement = {
          Sid: sid,
          Effect: 'Allow',
          Principal:
            principal === '*' ? '*' : /\.amazonaws\.com/.test(principal) ? { Service: principal } : { AWS: principal },
          Action: action,
          Resource: `${functionArn(context, record.name)}${key === '' ? '' : `:${key}`}`,
          ...(Object.keys(condition).length > 0 && { Condition: condition }),
        }
        const policy = { revisionId: newRevision(), statements: [...(before?.statements ?? []), statement] }
        await context.functions.put({ ...record, policies: { ...record.policies, [key]: policy } })
        return { Statement: JSON.stringify(statement) }
      },
    },
    {
      method: 'GET',
      path: `${BASE}/policy`,
      status: 200,
      run: (call) => {
        const { record, key } = policyIn(call)
        const policy = record.policies[key]
        if (policy === undefined || policy.statements.length === 0)
          throw notFound('The resource you requested does not exist.')
        const document = { Version: '2012-10-17', Id: 'default', Statement: policy.statements }
        return { Policy: JSON.stringify(document), RevisionId: policy.revisionId }
      },
    },
    {
      method: 'DELETE',
      path: `${BASE}/policy/:sid`,
      status: 204,
      run: async (call) => {
        const { record, key } = policyIn(call)
        const policy = record.policies[key]
        const left = policy?.statements.filter((one) => one.Sid !== call.params['sid']) ?? []
        if (policy === undefined || left.length === policy.statements.length)
          throw notFound(`Statement ${call.params['sid']} is not found in resource policy.`)
        checkRevision(call.query['RevisionId'], policy.revisionId)
        const policies = { ...record.policies, [key]: { revisionId: newRevision(), statements: left } }
        await context.functions.put({ ...record, policies })
        return undefined
      },
    },
  ]
}
