// Functions of Function Compute on a platform over real processes, for tests.
import { Buffer } from 'node:buffer'
import type { FcSpec } from '../../packages/fnscope/src/functions/function-spec.ts'
import type { FunctionSpec } from '../../packages/fnscope/src/functions/function-spec.ts'
import type { FcRequest } from '../../packages/fnscope/src/functions/fc-spec.ts'
import type { InvokeAnswer } from '../../packages/fnscope/src/functions/invoke-request.ts'
import type { Harness } from './harness.ts'

const PLAIN: FcSpec = { edition: '3', service: '', logProject: '', logStore: '' }

export function addFc(
  harness: Harness,
  files: Readonly<Record<string, string>>,
  more: { readonly spec?: Partial<FunctionSpec>; readonly fc?: Partial<FcSpec> } = {},
): FunctionSpec {
  return harness.add(files, { handler: 'index.handler', ...more.spec, fc: { ...PLAIN, ...more.fc } })
}

export async function callFc(
  harness: Harness,
  spec: FunctionSpec,
  payload: string | Uint8Array = '',
  more: { readonly traceHeader?: string; readonly fc?: FcRequest } = {},
): Promise<InvokeAnswer> {
  const answer = await harness.platform.invoke({
    functionName: spec.name,
    payload: Buffer.from(payload),
    invocationType: 'RequestResponse',
    ...more,
  })
  await harness.platform.flushed()
  return answer
}

export function textOf({ payload }: InvokeAnswer): string {
  return Buffer.from(payload).toString('utf8')
}

export function httpRequest(path: string, more: Partial<NonNullable<FcRequest['http']>> = {}): FcRequest {
  const [plain = '', query = ''] = path.split('?')
  return {
    http: { method: 'GET', path: plain, query, headers: [['Host', 'localhost']], clientIp: '127.0.0.1', ...more },
  }
}
