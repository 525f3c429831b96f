// What a question for a few rows says of how it is read. Most of its cost is not reading: the engine plans it for a large
// one. Measured in docs/decisions/006.

/**
 * Of a question without views and joins: the older analyzer plans it in a third less time. It refuses sets from
 * Distributed tables (error 288), so a cluster has the other one.
 */
export function smallRead({ isCluster }: { readonly isCluster: boolean }, threads = 1): string {
  const analyzer = isCluster ? '' : 'enable_analyzer = 0, '
  return `${largeRead(threads)}, ${analyzer}optimize_respect_aliases = 0`
}

/** Of one that may look at many: it need not sort what lies in order already. */
export function largeRead(threads = 2): string {
  return `max_threads = ${threads}, optimize_empty_string_comparisons = 0`
}
