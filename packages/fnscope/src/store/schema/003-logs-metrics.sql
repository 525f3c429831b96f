-- Log lines and metric points. `sequence` keeps lines of one time in the order in which they came. Unknown times are 0.

CREATE TABLE IF NOT EXISTS {db}.logs{local} {on_cluster} (
  time_nanos Int64 CODEC(DoubleDelta, ZSTD(1)),
  received_nanos Int64 CODEC(DoubleDelta, ZSTD(1)),
  sequence UInt32 CODEC(DoubleDelta, ZSTD(1)),
  kind LowCardinality(String),
  log_group LowCardinality(String),
  log_stream LowCardinality(String),
  service LowCardinality(String),
  request_id String CODEC(ZSTD(1)),
  trace_id FixedString(16) CODEC(ZSTD(1)),
  span_id FixedString(8) CODEC(ZSTD(1)),
  severity LowCardinality(String),
  severity_number UInt8,
  body String CODEC(ZSTD(1)),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  attribute_types LowCardinality(String),
  resource LowCardinality(String),
  INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX by_request request_id TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX by_received received_nanos TYPE minmax GRANULARITY 1,
  INDEX by_word lowerUTF8(body) TYPE text(tokenizer = 'splitByNonAlpha')
) ENGINE = {mt}
PARTITION BY toDate(fromUnixTimestamp64Nano(time_nanos, 'UTC'))
ORDER BY (toStartOfInterval(toDateTime(intDiv(time_nanos, 1000000000), 'UTC'), INTERVAL 10 MINUTE), service, time_nanos)
TTL toDateTime(intDiv(time_nanos, 1000000000), 'UTC') + toIntervalSecond({logs_seconds})
SETTINGS {settings};

CREATE TABLE IF NOT EXISTS {db}.metrics{local} {on_cluster} (
  name LowCardinality(String),
  namespace LowCardinality(String),
  service LowCardinality(String),
  dimensions Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  unit LowCardinality(String),
  kind LowCardinality(String),
  time_nanos Int64 CODEC(DoubleDelta, ZSTD(1)),
  start_nanos Int64 CODEC(ZSTD(1)),
  received_nanos Int64 CODEC(DoubleDelta, ZSTD(1)),
  value Float64 CODEC(ZSTD(1)),
  count Float64 CODEC(ZSTD(1)),
  min Float64 CODEC(ZSTD(1)),
  max Float64 CODEC(ZSTD(1)),
  bounds Array(Float64) CODEC(ZSTD(1)),
  counts Array(Float64) CODEC(ZSTD(1)),
  monotonic Bool,
  temporality UInt8,
  resolution_seconds Float64 CODEC(ZSTD(1)),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  attribute_types LowCardinality(String),
  resource LowCardinality(String),
  request_id String CODEC(ZSTD(1)),
  trace_id FixedString(16) CODEC(ZSTD(1))
) ENGINE = {mt}
PARTITION BY toDate(fromUnixTimestamp64Nano(time_nanos, 'UTC'))
ORDER BY (namespace, name, service, time_nanos)
TTL toDateTime(intDiv(time_nanos, 1000000000), 'UTC') + toIntervalSecond({metrics_seconds})
SETTINGS {settings};
