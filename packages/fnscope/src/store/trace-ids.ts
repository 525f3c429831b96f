// Trace ids in questions: which of them can be there at all, and the condition that finds them.

/** Only what is 32 hex digits can be in the store; the rest gives nothing. */
export function validTraceIds(traceIds: readonly string[]): string[] {
  return [...new Set(traceIds.map((id) => id.toLowerCase()))].filter((id) => /^[0-9a-f]{32}$/.test(id))
}

/**
 * What follows `trace_id` in a condition; the ids travel as the parameter `traceIds`. One id is compared, which costs
 * 1-2 ms less than a set of one; more are a subquery, because an expression would not reach the bloom filter.
 */
export function inTraces(traceIds: readonly string[]): string {
  if (traceIds.length === 1) return '= toFixedString(unhex({traceIds:Array(String)}[1]), 16)'
  return 'IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))'
}
