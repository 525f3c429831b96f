-- Which services there are and what they do, by the day: lists to choose from. seen_nanos is the last nanosecond of the
-- day. services takes only what it has not: it stays one small part, and is read in a few milliseconds.

CREATE TABLE IF NOT EXISTS {db}.operations{local} {on_cluster} (
  service LowCardinality(String),
  kind UInt8,
  name LowCardinality(String),
  seen_nanos Int64 CODEC(ZSTD(1))
) ENGINE = {replacing_mt}
PARTITION BY toDate(fromUnixTimestamp64Nano(seen_nanos, 'UTC'))
ORDER BY (service, name, kind, seen_nanos)
TTL toDateTime(intDiv(seen_nanos, 1000000000), 'UTC') + toIntervalSecond({spans_seconds})
SETTINGS {settings};

CREATE MATERIALIZED VIEW IF NOT EXISTS {db}.operations_view {on_cluster} TO {db}.operations{local} AS
SELECT service, kind, name, (intDiv(start_nanos, 86400000000000) + 1) * 86400000000000 - 1 AS seen_nanos
FROM {db}.spans{local}
WHERE service != ''
GROUP BY service, kind, name, seen_nanos;

CREATE TABLE IF NOT EXISTS {db}.services{local} {on_cluster} (
  service LowCardinality(String),
  seen_nanos Int64 CODEC(ZSTD(1))
) ENGINE = {replacing_mt}
PARTITION BY toDate(fromUnixTimestamp64Nano(seen_nanos, 'UTC'))
ORDER BY (service, seen_nanos)
TTL toDateTime(intDiv(seen_nanos, 1000000000), 'UTC') + toIntervalSecond({spans_seconds})
SETTINGS {settings};

CREATE MATERIALIZED VIEW IF NOT EXISTS {db}.services_view {on_cluster} TO {db}.services{local} AS
SELECT service, seen_nanos
FROM {db}.operations{local}
WHERE (service, seen_nanos) NOT IN (SELECT service, seen_nanos FROM {db}.services{local})
GROUP BY service, seen_nanos;
