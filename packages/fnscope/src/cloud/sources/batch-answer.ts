// What a function answered to a batch: which of its items failed. Pure.

/** Ids of the items that failed; 'all' when the answer says so or makes no sense. */
export function failedItems(
  answer: { readonly payload: Uint8Array; readonly functionError?: string | undefined },
  ids: readonly string[],
  partial: boolean,
): ReadonlySet<string> | 'all' {
  if (answer.functionError !== undefined) return 'all'
  if (!partial) return new Set()
  let result: unknown
  try {
    result = JSON.parse(Buffer.from(answer.payload).toString())
  } catch {
    return 'all'
  }
  if (result === null) return new Set()
  const failures = (result as { readonly batchItemFailures?: unknown }).batchItemFailures
  if (failures === undefined || failures === null) return new Set()
  if (!Array.isArray(failures)) return 'all'
  const named = failures.map(
    (failure: unknown) => (failure as { readonly itemIdentifier?: unknown } | null)?.itemIdentifier,
  )
  if (!named.every((id): id is string => typeof id === 'string' && ids.includes(id))) return 'all'
  return new Set(named)
}
