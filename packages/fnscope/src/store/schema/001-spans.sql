-- Completed spans and what is derived from them. Every view is idempotent (min, max, any, groupUniq): a span that a
-- client sent twice stands here twice, and is counted once because readers de-duplicate. Column names are SpanBatch's,
-- and what its batch alone tells of a span stands in its flags (store/mark-spans.ts).
-- spans stands by (minute, trace): a trace is one place of the primary key, and the graph's job reads whole traces in
-- order; the bloom filter tells the parts that have the minute and not the trace. Parts are compact until they are large: inserts and reading one trace touch every column, and a column that has a
-- file of its own costs both. traces and documents are read by the id alone: small granules. Merges are few and stop at
-- 256 MB ({settings}): moving a row in a merge costs the engine more than inserting it (docs/decisions/008).

CREATE TABLE IF NOT EXISTS {db}.spans{local} {on_cluster} (
  trace_id FixedString(16) CODEC(ZSTD(1)),
  ids FixedString(16) CODEC(ZSTD(1)),
  start_nanos Int64 CODEC(Delta(8), ZSTD(1)),
  duration_nanos UInt64 CODEC(T64, ZSTD(1)),
  kind UInt8 CODEC(ZSTD(1)),
  root_rank UInt8 CODEC(ZSTD(1)),
  flags UInt16 CODEC(ZSTD(1)),
  status_code UInt8 CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  service LowCardinality(String) CODEC(ZSTD(1)),
  name LowCardinality(String) CODEC(ZSTD(1)),
  origin LowCardinality(String) CODEC(ZSTD(1)),
  namespace LowCardinality(String) CODEC(ZSTD(1)),
  account_id LowCardinality(String) CODEC(ZSTD(1)),
  resource_arn LowCardinality(String) CODEC(ZSTD(1)),
  status_message String CODEC(ZSTD(1)),
  http_method LowCardinality(String) CODEC(ZSTD(1)),
  http_url String CODEC(ZSTD(1)),
  http_status UInt16 CODEC(ZSTD(1)),
  http_user_agent LowCardinality(String) CODEC(ZSTD(1)),
  http_client_ip String CODEC(ZSTD(1)),
  user String CODEC(ZSTD(1)),
  request_id String CODEC(ZSTD(1)),
  peer_name LowCardinality(String) CODEC(ZSTD(1)),
  peer_type LowCardinality(String) CODEC(ZSTD(1)),
  resource LowCardinality(String) CODEC(ZSTD(1)),
  scope LowCardinality(String) CODEC(ZSTD(1)),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  attribute_types LowCardinality(String) CODEC(ZSTD(1)),
  details LowCardinality(String) CODEC(ZSTD(1)),
  annotations Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  annotation_types LowCardinality(String) CODEC(ZSTD(1)),
  metadata String CODEC(ZSTD(3)),
  cause String CODEC(ZSTD(3)),
  events String CODEC(ZSTD(1)),
  links String CODEC(ZSTD(1)),
  received_nanos Int64 CODEC(ZSTD(1)),
  span_id FixedString(8) ALIAS CAST(substring(ids, 1, 8), 'FixedString(8)'),
  parent_id FixedString(8) ALIAS CAST(substring(ids, 9, 8), 'FixedString(8)'),
  lambda_request_id String ALIAS {request_of},
  environment String ALIAS {environment_of},
  version String ALIAS {version_of},
  account String ALIAS {account_of},
  region String ALIAS {region_of},
  function_name String ALIAS {function_of},
  error Bool ALIAS bitTest(flags, 0),
  fault Bool ALIAS bitTest(flags, 1),
  throttle Bool ALIAS bitTest(flags, 2),
  cold_start Bool ALIAS bitTest(flags, 3),
  segment Bool ALIAS bitTest(flags, 4),
  traced Bool ALIAS bitTest(flags, 5),
  INDEX by_received received_nanos TYPE minmax GRANULARITY 1,
  INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX by_peer peer_name TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX by_user user TYPE bloom_filter(0.01) GRANULARITY 4
) ENGINE = {mt}
PARTITION BY toDate(fromUnixTimestamp64Nano(start_nanos, 'UTC'))
ORDER BY (toStartOfMinute(toDateTime(intDiv(start_nanos, 1000000000), 'UTC')), trace_id, start_nanos)
TTL toDateTime(intDiv(start_nanos, 1000000000), 'UTC') + toIntervalSecond({spans_seconds})
SETTINGS {settings}, index_granularity = 2048, min_compress_block_size = 16384, min_bytes_for_wide_part = 134217728;

-- Inverted annotations: search by key and value, completion of keys and values. kind: 0 string, 1 number, 2 boolean.
-- number_order: the number (or 0, 1) as the integer that sorts as it does (store/number-order.ts): behind a Float64 in
-- the key the newest rows of one value would not be read first.
CREATE TABLE IF NOT EXISTS {db}.annotations{local} {on_cluster} (
  key LowCardinality(String) CODEC(ZSTD(1)),
  kind UInt8 CODEC(ZSTD(1)),
  string_value String CODEC(ZSTD(1)),
  number_order Int64 CODEC(ZSTD(1)),
  start_nanos Int64 CODEC(Delta(8), ZSTD(1)),
  service LowCardinality(String) CODEC(ZSTD(1)),
  trace_id FixedString(16) CODEC(ZSTD(1))
) ENGINE = {mt}
PARTITION BY toDate(fromUnixTimestamp64Nano(start_nanos, 'UTC'))
ORDER BY (key, kind, string_value, number_order, start_nanos)
TTL toDateTime(intDiv(start_nanos, 1000000000), 'UTC') + toIntervalSecond({spans_seconds})
SETTINGS {settings}, index_granularity = 2048, min_bytes_for_wide_part = 4194304;

CREATE MATERIALIZED VIEW IF NOT EXISTS {db}.annotations_view {on_cluster} TO {db}.annotations{local} AS
WITH multiIf(letter IN ('i', 'd'), 1, letter = 'b', 2, 0) AS value_kind,
  multiIf(value_kind = 1, toFloat64OrZero(text) + 0., value_kind = 2, toFloat64(text = 'true'), 0.) AS number,
  reinterpretAsInt64(number) AS bits
SELECT key, value_kind AS kind, if(value_kind = 0, text, '') AS string_value,
  if(bits < 0, bitXor(bits, 9223372036854775807), bits) AS number_order,
  start_nanos, service, trace_id
FROM (
  SELECT key, text, if(annotation_types = '', 's', substring(annotation_types, position, 1)) AS letter,
    start_nanos, service, trace_id
  FROM {db}.spans{local}
  ARRAY JOIN mapKeys(annotations) AS key, mapValues(annotations) AS text, arrayEnumerate(mapKeys(annotations)) AS position
);

-- One row per trace and day of its spans' starts (several until merged: read with GROUP BY trace_id). listed: where it
-- stands in lists, its listed spans' least (root_rank, start_nanos) as root_rank * 4e18 + start_nanos; the greatest
-- integer when none is listed. flags: of all spans. The bloom filter, one for 8192 traces, tells which parts have none of
-- the hundred traces of a page: by the key alone each part would be read for each.
CREATE TABLE IF NOT EXISTS {db}.traces{local} {on_cluster} (
  trace_id FixedString(16) CODEC(ZSTD(1)),
  day Date CODEC(ZSTD(1)),
  start_nanos SimpleAggregateFunction(min, Int64) CODEC(T64, ZSTD(1)),
  last_start_nanos SimpleAggregateFunction(max, Int64) CODEC(T64, ZSTD(1)),
  end_nanos SimpleAggregateFunction(max, Int64) CODEC(T64, ZSTD(1)),
  listed SimpleAggregateFunction(min, UInt64) CODEC(T64, ZSTD(1)),
  flags SimpleAggregateFunction(groupBitOr, UInt16),
  INDEX by_trace trace_id TYPE bloom_filter(0.0003) GRANULARITY 32
) ENGINE = {aggregating_mt}
PARTITION BY day
ORDER BY (trace_id, day)
TTL toDateTime(intDiv(last_start_nanos, 1000000000), 'UTC') + toIntervalSecond({spans_seconds})
SETTINGS {settings}, index_granularity = 512, min_bytes_for_wide_part = 4194304;

CREATE MATERIALIZED VIEW IF NOT EXISTS {db}.traces_view {on_cluster} TO {db}.traces{local} AS
SELECT trace_id, toDate(fromUnixTimestamp64Nano(span_start, 'UTC')) AS day,
  min(span_start) AS start_nanos, max(span_start) AS last_start_nanos, max(span_end) AS end_nanos,
  min(span_listed) AS listed, groupBitOr(span_flags) AS flags
FROM (
  SELECT trace_id, start_nanos AS span_start, start_nanos + toInt64(duration_nanos) AS span_end,
    flags AS span_flags,
    if(root_rank = 255, 18446744073709551615, root_rank * 4000000000000000000 + toUInt64(start_nanos)) AS span_listed
  FROM {db}.spans{local}
)
GROUP BY trace_id, day;

-- Narrow and in order of time: lists of traces, paging by (time, trace id), facets. A page's rows lie far from each
-- other: small blocks, or reading one row decompresses 30 000. request: hash of the Lambda request
-- id, 0 without one, by which traces of one invocation are found (store/request-traces.ts).
CREATE TABLE IF NOT EXISTS {db}.roots{local} {on_cluster} (
  trace_id FixedString(16) CODEC(ZSTD(1)),
  start_nanos Int64 CODEC(DoubleDelta, ZSTD(1)),
  duration_nanos UInt64 CODEC(T64, ZSTD(1)),
  root_rank UInt8 CODEC(ZSTD(1)),
  flags UInt16 CODEC(ZSTD(1)),
  kind UInt8 CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  service LowCardinality(String) CODEC(ZSTD(1)),
  origin LowCardinality(String) CODEC(ZSTD(1)),
  name LowCardinality(String) CODEC(ZSTD(1)),
  http_method LowCardinality(String) CODEC(ZSTD(1)),
  http_status UInt16 CODEC(ZSTD(1)),
  http_url String CODEC(ZSTD(1)),
  account LowCardinality(String) CODEC(ZSTD(1)),
  environment LowCardinality(String) CODEC(ZSTD(1)),
  version LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  function_name LowCardinality(String) CODEC(ZSTD(1)),
  request UInt64 CODEC(ZSTD(1)),
  received_nanos Int64 CODEC(ZSTD(1)),
  INDEX by_request request TYPE bloom_filter(0.01) GRANULARITY 4
) ENGINE = {mt}
PARTITION BY toDate(fromUnixTimestamp64Nano(start_nanos, 'UTC'))
ORDER BY (start_nanos, trace_id)
TTL toDateTime(intDiv(start_nanos, 1000000000), 'UTC') + toIntervalSecond({spans_seconds})
SETTINGS {settings}, index_granularity = 1024, min_compress_block_size = 4096, min_bytes_for_wide_part = 4194304;

CREATE MATERIALIZED VIEW IF NOT EXISTS {db}.roots_view {on_cluster} TO {db}.roots{local} AS
SELECT trace_id, start_nanos, duration_nanos, root_rank, flags, kind, source, service, origin, name,
  http_method, http_status, http_url, {account_of} AS account, {environment_of} AS environment, {version_of} AS version,
  {region_of} AS region, {function_of} AS function_name, if({request_of} = '', 0, cityHash64({request_of})) AS request,
  received_nanos
FROM {db}.spans{local}
WHERE root_rank != 255;

-- Spans in progress, replaced by their completion at read; no views. The columns are those of spans.
CREATE TABLE IF NOT EXISTS {db}.open_spans{local} {on_cluster} AS {db}.spans{local}
ENGINE = {replacing_mt}(received_nanos)
PARTITION BY toDate(fromUnixTimestamp64Nano(received_nanos, 'UTC'))
ORDER BY (trace_id, substring(ids, 1, 8))
TTL toDateTime(intDiv(received_nanos, 1000000000), 'UTC') + toIntervalSecond(172800)
SETTINGS {settings};

-- X-Ray documents as they came, so that every field of them comes back.
CREATE TABLE IF NOT EXISTS {db}.documents{local} {on_cluster} (
  trace_id FixedString(16) CODEC(ZSTD(1)),
  span_id FixedString(8) CODEC(NONE),
  parent_id FixedString(8) CODEC(ZSTD(1)),
  start_nanos Int64 CODEC(ZSTD(1)),
  received_nanos Int64 CODEC(ZSTD(1)),
  in_progress Bool,
  segment Bool,
  text String CODEC(ZSTD(3))
) ENGINE = {mt}
PARTITION BY toDate(fromUnixTimestamp64Nano(start_nanos, 'UTC'))
ORDER BY (trace_id, span_id)
TTL toDateTime(intDiv(start_nanos, 1000000000), 'UTC') + toIntervalSecond({spans_seconds})
SETTINGS {settings}, index_granularity = 512;
