// What a search inside of the trace found, as rows: the server looks through names and values of every span.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef } from 'react'
import { api } from '../api.ts'
import type { SpanTree } from './rows.ts'

export interface Found {
  readonly rows: ReadonlySet<number>
  /** In all, those that are not here too. */
  readonly total: number
  readonly error: unknown
}

/** Of so many matches the rows are fetched where they are not here yet. */
const MOST_FETCHED = 400

export function useFound(tree: SpanTree, text: string | undefined, onInclude: (ids: readonly string[]) => void): Found {
  const { id } = tree.columns
  const { data, error } = useQuery({
    queryKey: ['trace-search', id, text],
    queryFn: ({ signal }) => api.searchTrace(id, text!, signal),
    enabled: text !== undefined,
  })
  const ids = text === undefined ? undefined : data?.ids
  const rows = useMemo(() => new Set((ids ?? []).flatMap((spanId) => tree.rowOf.get(spanId) ?? [])), [ids, tree])
  // Once for what was found: what is still missing then is beyond what a page can hold.
  const fetched = useRef<readonly string[]>(undefined)
  useEffect(() => {
    if (ids === undefined || fetched.current === ids) return
    fetched.current = ids
    const missing = ids.filter((spanId) => !tree.rowOf.has(spanId)).slice(0, MOST_FETCHED)
    if (missing.length > 0) onInclude(missing)
  }, [ids, tree, onInclude])
  return { rows, total: text === undefined ? 0 : (data?.total ?? 0), error }
}
