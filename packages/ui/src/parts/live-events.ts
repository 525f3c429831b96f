// What comes in, as the server tells it (/api/live): an EventSource while a page wants it. The browser connects again by
// itself and says where it was; `reset` tells that something was missed for good.
import { useEffect, useRef } from 'react'

/** `phases` come with those of kind `trace`. */
export type LiveEvent = 'trace' | 'phases' | 'log' | 'graph'

export interface LiveListener {
  /** One of the events that are wanted. */
  readonly on: (event: LiveEvent, data: unknown) => void
  /** So many were not told, or what was missed is not known: ask for everything again. */
  readonly missed?: (events: number | undefined) => void
  /** Connected, or the connection was lost and is tried again. */
  readonly connected?: (isOpen: boolean) => void
}

/** @param isOn false closes the connection */
export function useLiveEvents(events: readonly LiveEvent[], isOn: boolean, listener: LiveListener): void {
  const latest = useRef(listener)
  useEffect(() => {
    latest.current = listener
  })
  const wanted = events.join(',')
  useEffect(() => {
    if (!isOn) return
    const names = wanted.split(',') as LiveEvent[]
    const source = new EventSource(`/api/live?kinds=${names.filter((name) => name !== 'phases').join(',')}`)
    const on = (name: string, take: (data: unknown) => void): void =>
      source.addEventListener(name, (event: MessageEvent<string>) => take(JSON.parse(event.data)))
    for (const name of names) on(name, (data) => latest.current.on(name, data))
    on('missed', (data) => latest.current.missed?.((data as { readonly events: number }).events))
    on('reset', () => latest.current.missed?.(undefined))
    source.addEventListener('open', () => latest.current.connected?.(true))
    source.addEventListener('error', () => latest.current.connected?.(false))
    return () => source.close()
  }, [isOn, wanted])
}
