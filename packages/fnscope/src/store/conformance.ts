// The suite that every store must pass, as a function of how to open one: run on the embedded engine and on a server.
// Each test works on traces, minutes and names of its own, so that one store serves them all, also one used before.
import { suite, test, before, after } from 'node:test'
import { emptinessConformance } from './conformance/emptiness.ts'
import { graphConformance } from './conformance/graph.ts'
import { insertsConformance } from './conformance/inserts.ts'
import { logEventsConformance } from './conformance/log-events.ts'
import { metricStatisticsConformance } from './conformance/metric-statistics.ts'
import { retentionConformance } from './conformance/retention.ts'
import type { OpenedStore, Subject } from './conformance/samples.ts'
import { signalsConformance } from './conformance/signals.ts'
import { spansConformance } from './conformance/spans.ts'
import { spanSeriesConformance } from './conformance/span-series.ts'
import { traceFacetsConformance } from './conformance/trace-facets.ts'
import { traceListsConformance } from './conformance/trace-lists.ts'

/** Registers the suite. `open` gives a connection to one and the same store each time. */
export function storeConformance(name: string, open: () => Promise<OpenedStore>): void {
  suite(`store: ${name}`, () => {
    let opened: OpenedStore
    const subject: Subject = {
      get store() {
        return opened.store
      },
      open,
    }
    before(async () => {
      opened = await open()
    })
    after(() => opened.close())

    test('an open store answers ping', () => subject.store.ping(2000))
    emptinessConformance(subject)
    spansConformance(subject)
    insertsConformance(subject)
    traceListsConformance(subject)
    traceFacetsConformance(subject)
    spanSeriesConformance(subject)
    graphConformance(subject)
    signalsConformance(subject)
    logEventsConformance(subject)
    metricStatisticsConformance(subject)
    retentionConformance(subject)
  })
}
