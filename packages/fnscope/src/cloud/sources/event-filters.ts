// FilterCriteria of a mapping: an item that fits none of the patterns is dropped without a call. Pure.
import { matchesPattern, parsePattern } from '../../functions/triggers/event-pattern.ts'

export type Filters = readonly ReturnType<typeof parsePattern>[]

export function filtersOf(texts: readonly string[]): Filters {
  return texts.map(parsePattern)
}

/** Without any filter everything passes. @param item with what patterns look at decoded */
export function passesFilters(filters: Filters, item: unknown): boolean {
  return filters.length === 0 || filters.some((pattern) => matchesPattern(pattern, item))
}
