// Which calls were answered: the ONE rule by which the graph, the summaries and the documents leave out the stand-in
// (inferred node, inferred segment) of a callee. A call is answered when a segment or another call was recorded anywhere
// below it in its own segment: then that tells of the callee, closer than the call could.

/** How to read a tree of spans, whatever holds it. Parents that form a ring do no harm. */
export interface CallTree<Item> {
  readonly parentOf: (item: Item) => Item | undefined
  readonly isSegment: (item: Item) => boolean
  /** It calls something outside its process. */
  readonly isCall: (item: Item) => boolean
}

/** Everything that has a segment or a call below it, up to and with the segment that encloses it. */
export function answeredAmong<Item>(items: Iterable<Item>, tree: CallTree<Item>): Set<Item> {
  const answered = new Set<Item>()
  for (const item of items) {
    if (!tree.isSegment(item) && !tree.isCall(item)) continue
    for (let at = tree.parentOf(item); at !== undefined && !answered.has(at); at = tree.parentOf(at)) {
      answered.add(at)
      if (tree.isSegment(at)) break
    }
  }
  return answered
}
