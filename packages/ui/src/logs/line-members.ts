// A log line as its parts: the message, and the members of its JSON by path. Plain lines are all message.

export interface LineMembers {
  readonly message: string
  /** Path (`order.id`) and value as text, in the order of the line; the message itself is left out. */
  readonly members: readonly (readonly [path: string, value: string])[]
}

const MESSAGE_NAMES = ['message', 'msg', 'Message', 'event', 'log', 'errorMessage']
const MAX_MEMBERS = 200
const MAX_DEPTH = 6

export function membersOf(body: string): LineMembers {
  const value = parsed(body)
  if (value === undefined) return { message: body, members: [] }
  const named = MESSAGE_NAMES.find((name) => typeof value[name] === 'string')
  const members: (readonly [string, string])[] = []
  addMembers(value, '', members, 0)
  const rest = named === undefined ? members : members.filter(([path]) => path !== named)
  return { message: named === undefined ? body : (value[named] as string), members: rest }
}

function parsed(body: string): Readonly<Record<string, unknown>> | undefined {
  const text = body.trimStart()
  if (!text.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function addMembers(
  value: Readonly<Record<string, unknown>>,
  above: string,
  members: (readonly [string, string])[],
  depth: number,
): void {
  for (const [name, member] of Object.entries(value)) {
    if (members.length >= MAX_MEMBERS) return
    const path = above === '' ? name : `${above}.${name}`
    if (isObject(member) && depth < MAX_DEPTH) addMembers(member, path, members, depth + 1)
    else members.push([path, typeof member === 'string' ? member : JSON.stringify(member)])
  }
}
