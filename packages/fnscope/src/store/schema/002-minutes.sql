-- The service graph by the minute, recomputed by a job. A minute's rows count only where their version is the one that
-- `minutes` names: its row is written last, so a minute is replaced whole or not at all, also by nothing.
-- covered_nanos: spans received until then are in.

CREATE TABLE IF NOT EXISTS {db}.minutes{local} {on_cluster} (
  minute_nanos Int64 CODEC(DoubleDelta, ZSTD(1)),
  version Int64 CODEC(ZSTD(1)),
  covered_nanos Int64 CODEC(ZSTD(1))
) ENGINE = {replacing_mt}(version)
PARTITION BY toDate(fromUnixTimestamp64Nano(minute_nanos, 'UTC'))
ORDER BY minute_nanos
TTL toDateTime(intDiv(minute_nanos, 1000000000), 'UTC') + toIntervalSecond({spans_seconds})
SETTINGS {settings};

CREATE TABLE IF NOT EXISTS {db}.latencies{local} {on_cluster} (
  minute_nanos Int64 CODEC(DoubleDelta, ZSTD(1)),
  version Int64 CODEC(ZSTD(1)),
  name LowCardinality(String),
  type LowCardinality(String),
  account_id LowCardinality(String),
  root Bool,
  inferred Bool,
  ok UInt64 CODEC(T64, ZSTD(1)),
  error UInt64 CODEC(T64, ZSTD(1)),
  throttle UInt64 CODEC(T64, ZSTD(1)),
  fault UInt64 CODEC(T64, ZSTD(1)),
  total_seconds Float64 CODEC(ZSTD(1)),
  first_nanos Int64 CODEC(ZSTD(1)),
  last_nanos Int64 CODEC(ZSTD(1)),
  histogram_seconds Array(Float64) CODEC(ZSTD(1)),
  histogram_counts Array(UInt64) CODEC(ZSTD(1))
) ENGINE = {replacing_mt}(version)
PARTITION BY toDate(fromUnixTimestamp64Nano(minute_nanos, 'UTC'))
ORDER BY (minute_nanos, name, type, account_id, root, inferred)
TTL toDateTime(intDiv(minute_nanos, 1000000000), 'UTC') + toIntervalSecond({spans_seconds})
SETTINGS {settings};

CREATE TABLE IF NOT EXISTS {db}.edges{local} {on_cluster} (
  minute_nanos Int64 CODEC(DoubleDelta, ZSTD(1)),
  version Int64 CODEC(ZSTD(1)),
  from_name LowCardinality(String),
  from_type LowCardinality(String),
  from_account_id LowCardinality(String),
  to_name LowCardinality(String),
  to_type LowCardinality(String),
  to_account_id LowCardinality(String),
  edge_type LowCardinality(String),
  ok UInt64 CODEC(T64, ZSTD(1)),
  error UInt64 CODEC(T64, ZSTD(1)),
  throttle UInt64 CODEC(T64, ZSTD(1)),
  fault UInt64 CODEC(T64, ZSTD(1)),
  total_seconds Float64 CODEC(ZSTD(1)),
  first_nanos Int64 CODEC(ZSTD(1)),
  last_nanos Int64 CODEC(ZSTD(1)),
  histogram_seconds Array(Float64) CODEC(ZSTD(1)),
  histogram_counts Array(UInt64) CODEC(ZSTD(1))
) ENGINE = {replacing_mt}(version)
PARTITION BY toDate(fromUnixTimestamp64Nano(minute_nanos, 'UTC'))
ORDER BY (minute_nanos, from_name, from_type, from_account_id, to_name, to_type, to_account_id, edge_type)
TTL toDateTime(intDiv(minute_nanos, 1000000000), 'UTC') + toIntervalSecond({spans_seconds})
SETTINGS {settings};
