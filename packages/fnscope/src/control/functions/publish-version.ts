// $LATEST as it is becomes a version, which never changes; the same as the last one is that one again.
import type { FunctionRecord, FunctionState } from './function-record.ts'
import { newRevision, type Functions } from './functions.ts'

export async function publishVersion(
  functions: Pick<Functions, 'put'>,
  record: FunctionRecord,
  description: string,
): Promise<FunctionState> {
  const last = record.versions.at(-1)
  if (last !== undefined && sameAs(last, record)) return last
  const { spec, roleArn, layerArns, codeSha256, codeSize, settings } = record
  const version: FunctionState = {
    spec: { ...spec, version: String(record.nextVersion), ...(description !== '' && { description }) },
    roleArn,
    layerArns,
    codeSha256,
    codeSize,
    settings,
    modifiedMs: Date.now(),
    revisionId: newRevision(),
  }
  await functions.put({
    ...record,
    versions: [...record.versions, version],
    nextVersion: record.nextVersion + 1,
  })
  return version
}

function sameAs(version: FunctionState, latest: FunctionState): boolean {
  const plain = ({ spec, layerArns, roleArn }: FunctionState): string => {
    const { version: _, description: __, tags: ___, reservedConcurrency: ____, ...rest } = spec
    return JSON.stringify([rest, layerArns, roleArn])
  }
  return plain(version) === plain(latest)
}
