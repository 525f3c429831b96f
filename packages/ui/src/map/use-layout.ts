// The layout of a graph, from a worker: the last one stays until the next is there. Rates and times may change as they
// like, only nodes and edges ask for a new one.
import { useEffect, useMemo, useState } from 'react'
import type { MapGraph } from './grouped.ts'
import type { Layout, LayoutInput } from './layout.ts'

/** A layout and the graph that it is of: the one in view may be newer. */
export interface LaidOut {
  readonly keys: readonly string[]
  readonly layout: Layout
}

interface Answer {
  readonly number: number
  readonly layout: Layout
}

export function useLayout(graph: MapGraph | undefined): LaidOut | undefined {
  const [laidOut, setLaidOut] = useState<LaidOut>()
  const shape = useMemo(
    () =>
      graph === undefined
        ? undefined
        : JSON.stringify([graph.nodes.map(({ key }) => key), graph.edges.map(({ from, to }) => [from, to])]),
    [graph],
  )
  const worker = useMemo(() => new Worker(new URL('./layout-worker.ts', import.meta.url), { type: 'module' }), [])
  useEffect(() => () => worker.terminate(), [worker])
  useEffect(() => {
    if (shape === undefined) return
    const [keys, edges] = JSON.parse(shape) as [string[], [number, number][]]
    const number = performance.now()
    const take = ({ data }: MessageEvent<Answer>): void => {
      if (data.number === number) setLaidOut({ keys, layout: data.layout })
    }
    worker.addEventListener('message', take)
    const of: LayoutInput = { nodes: keys.length, edges: edges.map(([from, to]) => ({ from, to })) }
    worker.postMessage({ number, of })
    return () => worker.removeEventListener('message', take)
  }, [shape, worker])
  return laidOut
}
