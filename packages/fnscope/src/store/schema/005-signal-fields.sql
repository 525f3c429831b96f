-- What OpenTelemetry and Prometheus say of log records and metric points beyond what platforms say: all of it comes back.
-- integer: the value's digits where it was sent as a whole number. The JSON texts are span/signal-json.ts's.

ALTER TABLE {db}.logs{local} {on_cluster}
  ADD COLUMN IF NOT EXISTS observed_nanos Int64 CODEC(DoubleDelta, ZSTD(1)),
  ADD COLUMN IF NOT EXISTS body_type LowCardinality(String),
  ADD COLUMN IF NOT EXISTS event_name LowCardinality(String),
  ADD COLUMN IF NOT EXISTS scope LowCardinality(String),
  ADD COLUMN IF NOT EXISTS details LowCardinality(String);

ALTER TABLE {db}.metrics{local} {on_cluster}
  ADD COLUMN IF NOT EXISTS dimension_types LowCardinality(String),
  ADD COLUMN IF NOT EXISTS description LowCardinality(String),
  ADD COLUMN IF NOT EXISTS integer String CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS exponential String CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS flags UInt32 CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS exemplars String CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS scope LowCardinality(String),
  ADD COLUMN IF NOT EXISTS details LowCardinality(String);
