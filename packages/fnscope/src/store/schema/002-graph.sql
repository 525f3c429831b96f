-- The service graph by stretches of time (10 s, minutes, 10 minutes, hours), recomputed by a job (docs/decisions/005).
-- A period's rows count only where their version is the one that graph_periods names: that row is written last, so a
-- period is replaced whole or not at all, also by nothing.

-- What of the spans the graph has still to take up: how many rows start in each 2 s (copies too), and how often the job
-- noted for the slice of 10 s that begins there that a trace has come to have other spans elsewhere.
CREATE TABLE IF NOT EXISTS {db}.graph_touched{local} {on_cluster} (
  cell_nanos Int64 CODEC(DoubleDelta, ZSTD(1)),
  spans SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
  marks SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1))
) ENGINE = {aggregating_mt}
PARTITION BY toDate(fromUnixTimestamp64Nano(cell_nanos, 'UTC'))
ORDER BY cell_nanos
TTL toDateTime(intDiv(cell_nanos, 1000000000), 'UTC') + toIntervalSecond({spans_seconds})
SETTINGS {settings};

CREATE MATERIALIZED VIEW IF NOT EXISTS {db}.graph_touched_view {on_cluster} TO {db}.graph_touched{local} AS
SELECT intDiv(start_nanos, 2000000000) * 2000000000 AS cell_nanos, count() AS spans, toUInt64(0) AS marks
FROM {db}.spans{local}
GROUP BY cell_nanos;

-- Periods whose graph stands in `graph`; spans (from 2 s before until 2 s after it) and marks as they were when it was
-- computed.
CREATE TABLE IF NOT EXISTS {db}.graph_periods{local} {on_cluster} (
  seconds UInt16,
  start_nanos Int64 CODEC(DoubleDelta, ZSTD(1)),
  version Int64 CODEC(ZSTD(1)),
  spans UInt64 CODEC(ZSTD(1)),
  marks UInt64 CODEC(ZSTD(1))
) ENGINE = {replacing_mt}(version)
PARTITION BY toDate(fromUnixTimestamp64Nano(start_nanos, 'UTC'))
ORDER BY (seconds, start_nanos)
TTL toDateTime(intDiv(start_nanos, 1000000000), 'UTC') + toIntervalSecond({spans_seconds})
SETTINGS {settings};

-- Nodes and edges. bits: span/graph-rows.ts; a node's own row has nothing in from_*. codes: query/histogram.ts.
CREATE TABLE IF NOT EXISTS {db}.graph{local} {on_cluster} (
  seconds UInt16,
  start_nanos Int64 CODEC(DoubleDelta, ZSTD(1)),
  version Int64 CODEC(ZSTD(1)),
  bits UInt8,
  from_name LowCardinality(String),
  from_type LowCardinality(String),
  from_account LowCardinality(String),
  name LowCardinality(String),
  type LowCardinality(String),
  account LowCardinality(String),
  ok UInt64 CODEC(T64, ZSTD(1)),
  error UInt64 CODEC(T64, ZSTD(1)),
  throttle UInt64 CODEC(T64, ZSTD(1)),
  fault UInt64 CODEC(T64, ZSTD(1)),
  micros Int64 CODEC(T64, ZSTD(1)),
  first_nanos Int64 CODEC(ZSTD(1)),
  last_nanos Int64 CODEC(ZSTD(1)),
  codes Array(UInt16) CODEC(ZSTD(1)),
  counts Array(UInt32) CODEC(ZSTD(1))
) ENGINE = {replacing_mt}(version)
PARTITION BY toDate(fromUnixTimestamp64Nano(start_nanos, 'UTC'))
ORDER BY (seconds, start_nanos, name, type, account, from_name, from_type, from_account, bits)
TTL toDateTime(intDiv(start_nanos, 1000000000), 'UTC') + toIntervalSecond({spans_seconds})
SETTINGS {settings};

-- Traces with spans in several slices of 10 s, further apart than what both look at, by each of these slices. spans: how
-- many rows the trace had when that was noted.
CREATE TABLE IF NOT EXISTS {db}.graph_reach{local} {on_cluster} (
  slice_nanos Int64 CODEC(DoubleDelta, ZSTD(1)),
  trace_id FixedString(16) CODEC(ZSTD(1)),
  spans SimpleAggregateFunction(max, UInt64) CODEC(ZSTD(1))
) ENGINE = {aggregating_mt}
PARTITION BY toDate(fromUnixTimestamp64Nano(slice_nanos, 'UTC'))
ORDER BY (slice_nanos, trace_id)
TTL toDateTime(intDiv(slice_nanos, 1000000000), 'UTC') + toIntervalSecond({spans_seconds})
SETTINGS {settings};
