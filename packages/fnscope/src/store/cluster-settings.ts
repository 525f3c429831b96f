// What is pinned when tables are Distributed ones, whatever the servers' profiles say. Each is a rule of
// docs/decisions/007-cluster.md.

/**
 * Replicas are chosen by the likeness of their host's name to that of the server asked: always the same ones, so a
 * process reads what it wrote, and processes that ask different servers share the replicas out.
 */
const REPLICAS = { load_balancing: 'nearest_hostname', prefer_localhost_replica: 1 } as const

/** Subqueries look at the shard that they run on: what belongs together lies together (cluster-tables.ts). */
export const CLUSTER_READ = {
  ...REPLICAS,
  distributed_product_mode: 'local',
  // A missing shard is an error first: whoever asks again without it knows that the answer lacks something.
  skip_unavailable_shards: 0,
  // A shard that falls away under the answer is an error with its code, not half an answer with a text behind it.
  wait_end_of_query: 1,
  // Where a trace lies may have been decided by fewer shards than there are now.
  optimize_skip_unused_shards: 0,
} as const

/** An answered insert is on its shards, not in a queue of the server that took it. */
export const CLUSTER_WRITE = {
  ...REPLICAS,
  distributed_foreground_insert: 1,
  distributed_insert_skip_read_only_replicas: 1,
  insert_distributed_one_random_shard: 0,
  // Of ON CLUSTER: a node that is away carries the statement out when it is back.
  distributed_ddl_output_mode: 'throw_only_active',
} as const

/** For an answer without the shards that are away: each is tried once, for a second at most. */
export const WITHOUT_MISSING_SHARDS = {
  skip_unavailable_shards: 1,
  connections_with_failover_max_tries: 1,
} as const
