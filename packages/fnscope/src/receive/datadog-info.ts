// What a Datadog agent says of itself at /info. It decides how tracers behave: what is named here is decoded, and nothing
// that is named is refused later.
import { createHash } from 'node:crypto'

export interface AgentPorts {
  readonly receiverPort: number
  /** Of DogStatsD; 0 when it is not open. */
  readonly statsdPort: number
}

export interface AgentInfo {
  readonly json: string
  /** A hash of it; a tracer that sees another one asks for /info again. */
  readonly state: string
}

/** The reference agent's version whose answers these are. */
const AGENT_VERSION = '7.70.0'

const ENDPOINTS = [
  '/v0.3/traces',
  '/v0.4/traces',
  '/v0.5/traces',
  '/v0.6/stats',
  '/v0.1/pipeline_stats',
  '/telemetry/proxy/',
  '/info',
]

export function agentInfo({ receiverPort, statsdPort }: AgentPorts): AgentInfo {
  const json = JSON.stringify({
    version: AGENT_VERSION,
    endpoints: ENDPOINTS,
    // With it a tracer would keep what it has not sampled to itself and send figures of it instead.
    client_drop_p0s: false,
    span_events: true,
    span_meta_structs: true,
    config: { statsd_port: statsdPort, receiver_port: receiverPort },
  })
  return { json, state: createHash('sha256').update(json).digest('hex') }
}
