// What a query says of a trace that the process knows without a statement: what its spans have (trace-sketch.ts) and how
// long it took. Every trace that meets the query has these; one that has them may not meet it.
import { ROOT_RANK } from '../span/span-batch.ts'
import { roughDuration, type RoughDuration } from './trace-duration.ts'
import type { SpanQuery, TraceQuery } from './trace-query.ts'
import { addDetached, addFlag, addName, isEmpty, newSketch, type Sketch, type SketchedName } from './trace-sketch.ts'

export interface TraceFacts {
  /** Bits that the trace has. */
  readonly all: Sketch
  /** Of each at least one. */
  readonly anyOf: readonly (readonly Sketch[])[]
  readonly durations: readonly RoughDuration[]
}

/** Undefined when nothing is known of what it asks. @param hasOpen spans in progress may be stored */
export function factsOf(query: TraceQuery, { hasOpen = true } = {}): TraceFacts | undefined {
  const facts = traceFacts(query, hasOpen)
  return isEmpty(facts.all) && facts.anyOf.length === 0 && facts.durations.length === 0 ? undefined : facts
}

const NOTHING: TraceFacts = { all: newSketch(), anyOf: [], durations: [] }

function traceFacts(query: TraceQuery, hasOpen: boolean): TraceFacts {
  switch (query.is) {
    case 'and':
      return joined(query.of.map((one) => traceFacts(one, hasOpen)))
    case 'or':
      return oneOf(query.of.map((one) => traceFacts(one, hasOpen)))
    case 'span':
      return spanFacts(query.where, { isSegment: isOfSegment(query.where), isListed: false })
    case 'root':
      return spanFacts(query.where, { isSegment: isOfSegment(query.where), isListed: true })
    case 'partial':
      return hasOpen ? NOTHING : oneOf([flagged('apart'), flagged('traced')])
    case 'duration': {
      const rough = roughDuration(query)
      return rough === undefined ? NOTHING : { ...NOTHING, durations: [rough] }
    }
    default:
      return NOTHING
  }
}

function joined(parts: readonly TraceFacts[]): TraceFacts {
  const all = newSketch()
  for (const part of parts) for (const [at, word] of part.all.entries()) all[at]! |= word
  return {
    all,
    anyOf: parts.flatMap(({ anyOf }) => anyOf),
    durations: parts.flatMap(({ durations }) => durations),
  }
}

function oneOf(parts: readonly TraceFacts[]): TraceFacts {
  if (parts.length === 0 || parts.some(({ all }) => isEmpty(all))) return NOTHING
  return { ...NOTHING, anyOf: [parts.map(({ all }) => all)] }
}

function isOfSegment(query: SpanQuery): boolean {
  if (query.is === 'flag') return query.flag === 'segment'
  return query.is === 'and' && query.of.some(isOfSegment)
}

/** What is said of the span beside: names of some are not kept. */
interface Role {
  readonly isSegment: boolean
  readonly isListed: boolean
}

function spanFacts(query: SpanQuery, role: Role): TraceFacts {
  switch (query.is) {
    case 'and':
      return joined(query.of.map((one) => spanFacts(one, role)))
    case 'or':
      return oneOf(query.of.map((one) => spanFacts(one, { ...role, isSegment: role.isSegment || isOfSegment(one) })))
    case 'flag':
      return query.flag === 'ok' ? NOTHING : flagged(query.flag)
    case 'number':
      if (query.op !== '=') return NOTHING
      if (query.field === 'httpStatus' && role.isListed) return named('status', String(query.value))
      return query.field === 'rootRank' && query.value === ROOT_RANK.detached ? having(addDetached) : NOTHING
    case 'text': {
      const name = nameOf(query.field, role)
      return query.op !== '=' || name === undefined ? NOTHING : named(name, query.value)
    }
    default:
      return NOTHING
  }
}

function nameOf(field: string, { isSegment }: Role): SketchedName | undefined {
  switch (field) {
    case 'service':
      return isSegment ? 'service' : undefined
    case 'origin':
      return isSegment ? 'type' : undefined
    case 'peerName':
      return 'peer'
    case 'peerType':
      return 'peerType'
    case 'user':
      return 'user'
    default:
      return undefined
  }
}

function named(what: SketchedName, name: string): TraceFacts {
  return having((sketch) => addName(sketch, what, name))
}

function flagged(flag: Parameters<typeof addFlag>[1]): TraceFacts {
  return having((sketch) => addFlag(sketch, flag))
}

function having(add: (sketch: Sketch) => void): TraceFacts {
  const all = newSketch()
  add(all)
  return { ...NOTHING, all }
}

/** Whether the sketch that stands there among others has all that is said of spans. */
export function metBy({
  all,
  anyOf,
}: Pick<TraceFacts, 'all' | 'anyOf'>): (sketches: Uint32Array, at: number) => boolean {
  const wanted = Array.from(all, (bits, word) => ({ word, bits: bits | 0 })).filter(({ bits }) => bits !== 0)
  const [words, bits] = [wanted.map(({ word }) => word), wanted.map(({ bits: some }) => some)]
  const hasAll = (sketches: Uint32Array, at: number): boolean => {
    for (let i = 0; i < words.length; i++) if ((sketches[at + words[i]!]! & bits[i]!) !== bits[i]) return false
    return true
  }
  if (anyOf.length === 0) return hasAll
  const others = anyOf.map((some) => some.map((one) => metBy({ all: one, anyOf: [] })))
  return (sketches, at) => hasAll(sketches, at) && others.every((some) => some.some((isMet) => isMet(sketches, at)))
}
