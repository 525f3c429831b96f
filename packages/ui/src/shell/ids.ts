// Ids in a pasted text: the forms that a trace can be asked for by. What they name is for the server to find out.

export interface FoundId {
  readonly id: string
  readonly what: string
}

const FORMS: readonly (readonly [RegExp, string])[] = [
  [/\b1-[0-9a-f]{8}-[0-9a-f]{24}\b/gi, 'trace'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, 'request'],
  [/(?<![0-9a-f-])[0-9a-f]{32}(?![0-9a-f-])/gi, 'trace'],
  [/(?<![0-9a-f-])[0-9a-f]{16}(?![0-9a-f-])/gi, 'trace'],
  [/(?<![0-9a-z.:-])\d{17,20}(?![0-9a-z.:-])/gi, 'trace'],
]
const MOST = 5

/** In the order of the forms, each once. */
export function idsIn(text: string): readonly FoundId[] {
  const found = new Map<string, FoundId>()
  for (const [form, what] of FORMS)
    for (const [id] of text.matchAll(form)) if (!found.has(id)) found.set(id, { id, what })
  return [...found.values()].slice(0, MOST)
}
