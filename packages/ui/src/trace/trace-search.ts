// What stands in the address of a trace: all that changes what is seen of it.
import { choiceIn, flagIn, textIn, type Raw } from '../search-params.ts'
import { formatView, readView } from './scale.ts'

export const TABS = ['waterfall', 'logs', 'raw'] as const
export type TraceTab = (typeof TABS)[number]

export interface TraceSearch {
  /** Id of the span whose panel is open. */
  readonly sel?: string | undefined
  readonly tab?: TraceTab | undefined
  /** The part in view, `0.12-0.34`. */
  readonly z?: string | undefined
  /** Searched for inside. */
  readonly find?: string | undefined
  /** Matches alone, and what is above them. */
  readonly only?: boolean | undefined
  /** Log lines among the spans. */
  readonly logs?: boolean | undefined
}

export function readTraceSearch(raw: Raw): TraceSearch {
  const view = readView(raw['z'])
  const tab = choiceIn(raw, 'tab', TABS)
  return {
    sel: textIn(raw, 'sel'),
    tab: tab === 'waterfall' ? undefined : tab,
    z: view && formatView(view),
    find: textIn(raw, 'find'),
    only: flagIn(raw, 'only'),
    logs: flagIn(raw, 'logs'),
  }
}
