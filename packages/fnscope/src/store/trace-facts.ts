// What a query says of a trace that the process knows without a statement: what its spans have (trace-sketch.ts) and how
// long it took. Every trace that meets the query has these; one that has them may not meet it.
import { ROOT_RANK } from '../span/span-batch.ts'
import { isOfSegments } from './compile-trace.ts'
import { roughDuration, type RoughDuration } from './trace-duration.ts'
import type { SpanQuery, TraceQuery } from './trace-query.ts'
import {
  addBits,
  addDetached,
  addFlag,
  bitsOfName,
  isEmpty,
  newSketch,
  type Sketch,
  type SketchedName,
} from './trace-sketch.ts'

/** What a trace has at least. */
interface Needs {
  /** Bits that it has. */
  readonly all: Sketch
  /** It took so long, as one of its spans did. */
  readonly leastNanos: number
}

export interface TraceFacts extends Needs {
  /** Of each at least one. */
  readonly anyOf: readonly (readonly Needs[])[]
  readonly durations: readonly RoughDuration[]
}

/** Undefined when nothing is known of what it asks. @param hasOpen spans in progress may be stored */
export function factsOf(query: TraceQuery, { hasOpen = true } = {}): TraceFacts | undefined {
  const facts = traceFacts(query, hasOpen)
  return isNothing(facts) && facts.anyOf.length === 0 && facts.durations.length === 0 ? undefined : facts
}

const NOTHING: TraceFacts = { all: newSketch(), anyOf: [], durations: [], leastNanos: 0 }

function traceFacts(query: TraceQuery, hasOpen: boolean): TraceFacts {
  switch (query.is) {
    case 'and':
      return joined(query.of.map((one) => traceFacts(one, hasOpen)))
    case 'or':
      return oneOf(query.of.map((one) => traceFacts(one, hasOpen)))
    case 'span':
      return spanFacts(query.where, { isSegment: isOfSegments(query.where), isListed: false })
    case 'root':
      return spanFacts(query.where, { isSegment: isOfSegments(query.where), isListed: true })
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
    leastNanos: Math.max(0, ...parts.map(({ leastNanos }) => leastNanos)),
  }
}

function oneOf(parts: readonly TraceFacts[]): TraceFacts {
  return parts.length === 0 || parts.some(isNothing) ? NOTHING : { ...NOTHING, anyOf: [parts] }
}

function isNothing({ all, leastNanos }: Needs): boolean {
  return isEmpty(all) && leastNanos === 0
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
      return oneOf(query.of.map((one) => spanFacts(one, { ...role, isSegment: role.isSegment || isOfSegments(one) })))
    case 'flag':
      return query.flag === 'ok' ? NOTHING : flagged(query.flag)
    case 'number':
      if (query.field === 'duration') return lasting(query)
      if (query.op !== '=') return NOTHING
      if (query.field === 'httpStatus' && role.isListed) return named('status', String(query.value))
      return query.field === 'rootRank' && query.value === ROOT_RANK.detached ? having(addDetached) : NOTHING
    case 'text': {
      if (query.field === 'cause' || query.field === 'events') return flagged('told')
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
  return having((sketch) => addBits(sketch, 0, bitsOfName(what, name)))
}

/** A trace lasts as long as each of its spans. */
function lasting({ op, value }: Extract<SpanQuery, { readonly is: 'number' }>): TraceFacts {
  const nanos = Math.floor(Number(value))
  const isLeast = op === '>' || op === '>=' || op === '='
  return isLeast && Number.isSafeInteger(nanos) && nanos > 0 ? { ...NOTHING, leastNanos: nanos } : NOTHING
}

function flagged(flag: Parameters<typeof addFlag>[1]): TraceFacts {
  return having((sketch) => addFlag(sketch, flag))
}

function having(add: (sketch: Sketch) => void): TraceFacts {
  const all = newSketch()
  add(all)
  return { ...NOTHING, all }
}

/** Whether a trace of this sketch, which stands there among others, has all that is said of spans. */
type Test = (sketches: Uint32Array, at: number, lastedNanos: number) => boolean

export function metBy({ all, leastNanos, anyOf }: Needs & Pick<TraceFacts, 'anyOf'>): Test {
  const wanted = Array.from(all, (bits, word) => ({ word, bits: bits | 0 })).filter(({ bits }) => bits !== 0)
  const [words, bits] = [wanted.map(({ word }) => word), wanted.map(({ bits: some }) => some)]
  const hasAll: Test = (sketches, at, lastedNanos) => {
    if (lastedNanos < leastNanos) return false
    for (let i = 0; i < words.length; i++) if ((sketches[at + words[i]!]! & bits[i]!) !== bits[i]) return false
    return true
  }
  if (anyOf.length === 0) return hasAll
  const others = anyOf.map((some) => some.map((one) => metBy({ ...one, anyOf: [] })))
  return (sketches, at, lastedNanos) =>
    hasAll(sketches, at, lastedNanos) && others.every((some) => some.some((isMet) => isMet(sketches, at, lastedNanos)))
}

/** Whether a trace is asked how long it took, beside `durations`. */
export function isTimed({ leastNanos, anyOf }: TraceFacts): boolean {
  return leastNanos > 0 || anyOf.some((some) => some.some((one) => one.leastNanos > 0))
}
