// A trace as BatchGetTraces answers it: documents with every subsegment back in its parent, wherever it was sent.
// X-Ray input comes from the raw texts, so fields that fnscope does not know return too; all else is encoded.
import type { RawDocument } from '../span/batch.ts'
import { answeredAmong } from '../span/answered-calls.ts'
import { formatXrayTraceId } from '../span/id.ts'
import type { Peer } from '../span/peer.ts'
import type { Span } from '../span/span.ts'
import { encodeSpan } from './xray-encode.ts'
import { encodeServiceSegment, serviceSegmentOf } from './xray-local-root.ts'
import { withOwnIds } from './own-ids.ts'
import { inferredSegment } from './xray-inferred.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import { peerOfEntity } from './xray-span.ts'
import { placeOf } from './xray-validate.ts'

export interface AssembledDocument {
  readonly id: string
  readonly document: JsonObject
}

/** One segment or subsegment, apart from those below it. */
interface Entity {
  readonly id: string
  readonly parentId: string | undefined
  readonly segment: boolean
  readonly complete: boolean
  readonly receivedNanos: bigint
  readonly start: number
  readonly peer: Peer | undefined
  readonly body: JsonObject
}

// Readers of the answer parse it with bounded stacks (Python's json: about 1000 arrays and objects). A chain of
// streamed subsegments longer than this goes on in a document of its own.
const MAX_LEVELS = 250

/**
 * The documents of one trace, by start time: every segment with its subsegments nested (also by start time),
 * subsegments whose parent never came, then an inferred segment for each call whose callee did not report.
 *
 * Of copies of one id a completed one wins over one in progress, then the newest received; the texts win over spans
 * decoded from them. Parents that form a ring end nowhere: one of the ring stands alone, nothing is lost.
 */
export function assembleDocuments(
  traceId: string,
  documents: readonly RawDocument[],
  spans: readonly Span[],
): AssembledDocument[] {
  const entities = new Map<string, Entity>()
  for (const document of documents) if (document.traceId === traceId) addDocument(entities, document)
  const fromTexts = new Set(entities.keys())
  for (const span of withOwnIds(spans.filter((one) => one.traceId === traceId))) {
    if (span.source === 'xray' && fromTexts.has(span.spanId)) continue
    for (const entity of entitiesOfSpan(span)) add(entities, entity)
  }
  return new Assembly(formatXrayTraceId(traceId), entities).documents()
}

function addDocument(entities: Map<string, Entity>, raw: RawDocument): void {
  const document = parse(raw.text)
  if (document === undefined) return
  const segment = placeOf(document) === 'segment'
  const rest: { body: JsonObject; parentId: string | undefined; segment: boolean }[] = [
    { body: document, parentId: raw.parentId, segment },
  ]
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { subsegments, ...body } = next.body
    if (typeof body['id'] !== 'string') continue
    const id = body['id'].toLowerCase()
    add(entities, {
      id,
      parentId: next.parentId,
      segment: next.segment,
      complete: typeof body['end_time'] === 'number',
      receivedNanos: raw.receivedNanos,
      start: typeof body['start_time'] === 'number' ? body['start_time'] : 0,
      peer: next.segment ? undefined : peerOfEntity(body),
      body,
    })
    if (!Array.isArray(subsegments)) continue
    for (const child of subsegments) if (isJsonObject(child)) rest.push({ body: child, parentId: id, segment: false })
  }
}

function entitiesOfSpan(span: Span): Entity[] {
  const served = serviceSegmentOf(span)
  if (served === undefined) return [entityOfSpan(span)]
  const call = { ...span, parentId: served.spanId, segment: false }
  return [{ ...entityOfSpan(served), peer: undefined, body: encodeServiceSegment(served) }, entityOfSpan(call)]
}

function entityOfSpan(span: Span): Entity {
  const body = encodeSpan(span, { embedded: true })
  return {
    id: span.spanId,
    parentId: span.parentId,
    segment: span.segment,
    complete: !span.inProgress,
    receivedNanos: span.receivedNanos,
    start: body['start_time'] as number,
    peer: span.peer,
    body,
  }
}

function add(entities: Map<string, Entity>, entity: Entity): void {
  const known = entities.get(entity.id)
  const wins =
    known === undefined ||
    (entity.complete === known.complete ? entity.receivedNanos >= known.receivedNanos : entity.complete)
  if (wins) entities.set(entity.id, entity)
}

function parse(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Built once a trace: the tree over the entities, walked into documents. */
class Assembly {
  readonly #traceId: string
  readonly #entities: readonly Entity[]
  readonly #children: ReadonlyMap<string, readonly Entity[]>
  readonly #answered: ReadonlySet<Entity>
  readonly #placed = new Set<string>()
  /** Entities that begin a document, as they are found. */
  readonly #tops: Entity[]
  readonly #inferred: { readonly start: number; readonly document: JsonObject }[] = []

  constructor(traceId: string, entities: ReadonlyMap<string, Entity>) {
    this.#traceId = traceId
    this.#entities = [...entities.values()].sort((a, b) => a.start - b.start)
    this.#children = Map.groupBy(this.#entities, (entity) => entity.parentId ?? '')
    this.#answered = answeredAmong(this.#entities, {
      parentOf: (one) => (one.parentId === one.id ? undefined : entities.get(one.parentId ?? '')),
      isSegment: (one) => one.segment,
      isCall: (one) => one.peer !== undefined,
    })
    this.#tops = this.#entities.filter((one) => one.segment || !entities.has(one.parentId ?? ''))
  }

  documents(): AssembledDocument[] {
    const found: { readonly start: number; readonly document: JsonObject }[] = []
    // First what nothing holds; what is left then hangs in rings of parents. `#tops` grows while documents are built,
    // by what lies deeper than one may.
    for (const rest of [undefined, ...this.#entities]) {
      if (rest !== undefined) this.#tops.push(rest)
      for (let top = this.#tops.pop(); top !== undefined; top = this.#tops.pop()) {
        if (!this.#placed.has(top.id)) found.push({ start: top.start, document: this.#build(top, 0) })
      }
    }
    return [...found, ...this.#inferred]
      .sort((a, b) => a.start - b.start)
      .map(({ document }) => ({ id: String(document['id']).toLowerCase(), document }))
  }

  #build(entity: Entity, level: number): JsonObject {
    this.#placed.add(entity.id)
    const children = this.#children.get(entity.id) ?? []
    this.#infer(entity)
    const nested: JsonObject[] = []
    for (const child of children) {
      if (child.segment || this.#placed.has(child.id)) continue
      if (level < MAX_LEVELS) nested.push(this.#build(child, level + 1))
      else this.#tops.push(child)
    }
    const body = level === 0 ? this.#alone(entity) : entity.body
    return nested.length === 0 ? body : { ...body, subsegments: nested }
  }

  /** An entity that came inside another one lacks what a document of its own must have. */
  #alone(entity: Entity): JsonObject {
    return {
      trace_id: this.#traceId,
      id: entity.id,
      ...(entity.parentId === undefined ? {} : { parent_id: entity.parentId }),
      ...(entity.segment ? {} : { type: 'subsegment' }),
      ...entity.body,
    }
  }

  /** A stand-in for the callee; the same calls have one that are inferred nodes of the graph. */
  #infer(entity: Entity): void {
    if (entity.peer === undefined || !entity.complete || this.#answered.has(entity)) return
    const document = inferredSegment(this.#traceId, entity.id, entity.body, entity.peer)
    this.#inferred.push({ start: entity.start, document })
  }
}
