// The questions in the words of Jaeger's query API, for everything that answers it.
import { BUSIEST_FUNCTION, type Question, type QuestionName } from './subject.ts'

/** Of the last hour, as Jaeger's own page asks. */
const HOUR = 'lookback=1h&start={ago_us}&end={now_us}'
/** {"customer":"…"} */
const CUSTOMER = 'tags=%7B%22customer%22%3A%22{customer}%22%7D'

/** `base`: scheme, host and port. */
export function jaegerQuestions(base: string): Record<QuestionName, Question> {
  const graph = { hit: BUSIEST_FUNCTION, atMost: 3 }
  return {
    trace_by_id: { url: `${base}/api/traces/{id}`, hit: '{id}' },
    function_and_customer: {
      url: `${base}/api/traces?service={fn}&${CUSTOMER}&limit=20&${HOUR}`,
      hit: '{customer}',
    },
    // It has no list of traces without a service: the one that all roots have.
    newest_100_roots: { url: `${base}/api/traces?service=api-gateway&limit=100&${HOUR}`, hit: 'spanID' },
    service_graph_1h: { url: `${base}/api/dependencies?endTs={now_ms}&lookback=3600000`, ...graph },
    service_graph_24h: { url: `${base}/api/dependencies?endTs={now_ms}&lookback=86400000`, ...graph },
    services: { url: `${base}/api/services`, hit: BUSIEST_FUNCTION },
  }
}
