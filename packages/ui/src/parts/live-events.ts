// What comes in, as the server tells it (/api/live): an EventSource while a page wants it. The browser connects again by
// itself and says where it was; `reset` tells that something was missed for good.
import { useEffect, useRef } from 'react'

export type LiveKind = 'trace' | 'log' | 'graph'

export interface LiveListener {
  /** An event of one of the kinds. */
  readonly on: (kind: LiveKind, data: unknown) => void
  /** So many were not told, or what was missed is not known: ask for everything again. */
  readonly missed?: (events: number | undefined) => void
}

/** @param isOn false closes the connection */
export function useLiveEvents(kinds: readonly LiveKind[], isOn: boolean, listener: LiveListener): void {
  const latest = useRef(listener)
  useEffect(() => {
    latest.current = listener
  })
  const wanted = kinds.join(',')
  useEffect(() => {
    if (!isOn) return
    const source = new EventSource(`/api/live?kinds=${wanted}`)
    for (const kind of wanted.split(',') as LiveKind[])
      source.addEventListener(kind, (event: MessageEvent<string>) => latest.current.on(kind, JSON.parse(event.data)))
    source.addEventListener('missed', (event: MessageEvent<string>) =>
      latest.current.missed?.((JSON.parse(event.data) as { readonly events: number }).events),
    )
    source.addEventListener('reset', () => latest.current.missed?.(undefined))
    return () => source.close()
  }, [isOn, wanted])
}
