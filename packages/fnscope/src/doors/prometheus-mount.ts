// Prometheus' remote write on the main port, where Prometheus itself and every store of its make have it.
import type { FastifyInstance } from 'fastify'
import { Intake } from '../receive/intake.ts'
import { mountPrometheusWrite } from '../receive/prometheus-http.ts'
import type { DoorContext } from './door-context.ts'

/** @returns what is to be called when the server is closed */
export function mountPrometheusOnMain(main: FastifyInstance, context: DoorContext): () => void {
  const { ingest, counters, log, budget, now, bounds } = context
  const intake = new Intake({ door: 'prometheus-write', ingest, counters, log })
  mountPrometheusWrite(main, { intake, budget, context: () => ({ receivedNanos: now(), bounds: bounds() }) })
  return () => intake.stop()
}
