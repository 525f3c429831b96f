// Whether the window is so narrow that tables are cards: the same width as in parts.module.css.
import { useSyncExternalStore } from 'react'

const NARROW = '(max-width: 560px)'

export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => matchMedia(NARROW).matches)
}

function subscribe(listener: () => void): () => void {
  const query = matchMedia(NARROW)
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}
