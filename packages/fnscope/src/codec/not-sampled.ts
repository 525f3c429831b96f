// Spans that their tracer would not have kept are stored all the same; this says so on each of them.

/** An attribute, false on a span of a trace that its sampler turned down. Absent on every other span. */
export const SAMPLED_KEY = 'fnscope.sampled'
