// Programs that send to fnscope as their daemon, and what of theirs is to be read. For tests.
import assert from 'node:assert/strict'
import { eventually, runClient, type StartedFnscope } from '../started-fnscope.ts'
import { environmentOf, readTrace, type Document } from './xray-client.ts'

/** Runs the program beside the daemon; what it printed, as JSON. */
export async function runProgram<Answer>(
  fnscope: StartedFnscope,
  code: string,
  more: NodeJS.ProcessEnv = {},
): Promise<Answer> {
  const env = environmentOf(fnscope, {
    AWS_XRAY_DAEMON_ADDRESS: fnscope.doors['xray-daemon']!,
    ...more,
  })
  const ran = await runClient('python', ['-c', code], env)
  assert.equal(ran.code, 0, ran.stderr)
  return JSON.parse(ran.stdout) as Answer
}

/** The trace's documents once `count` (sub)segments of it are there. */
export async function documentsOf(fnscope: StartedFnscope, traceId: string, count: number): Promise<Document[]> {
  return await eventually(async () => {
    const trace = await readTrace(fnscope, traceId)
    const documents = (trace?.Segments ?? []).map((one) => JSON.parse(one.Document) as Document)
    const found = documents.filter((one) => one['inferred'] !== true).flatMap(namesBelow)
    return found.length === count ? documents : undefined
  }, 30_000)
}

export const childrenOf = (document: Document): readonly Document[] =>
  (document['subsegments'] ?? []) as readonly Document[]
const namesBelow = (document: Document): unknown[] => [document['name'], ...childrenOf(document).flatMap(namesBelow)]
