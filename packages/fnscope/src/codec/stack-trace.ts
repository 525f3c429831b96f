// Stack traces as languages print them, as X-Ray's frames: the innermost first, and the exceptions that led to this one.
// Read: Python, Java and its kin, JavaScript, .NET, Go. What is none of them has no frames.

export interface StackFrame {
  readonly path: string
  readonly line: number
  readonly label: string
}

export interface StackTrace {
  readonly frames: readonly StackFrame[]
  /** What caused it, and what caused that. */
  readonly causes: readonly StackCause[]
}

export interface StackCause {
  readonly type: string
  readonly message: string
  readonly frames: readonly StackFrame[]
}

/** Anybody may send one of any length. */
const MAX_FRAMES = 1000
const MAX_CAUSES = 20

/** By what the text looks like: who made it may say nothing of its language. */
export function parseStackTrace(text: string): StackTrace {
  const lines = text.split('\n', MAX_FRAMES * 4)
  if (lines.some((line) => line.startsWith('Traceback (most recent call last)'))) return pythonTrace(lines)
  if (/^goroutine \d+ /.test(text)) return { frames: goFrames(lines), causes: [] }
  return markedTrace(lines)
}

const PYTHON_FRAME = /^ {2}File "(.*)", line (\d+)(?:, in (.*))?$/
const PYTHON_CHAIN =
  /^(?:During handling of the above exception, another exception occurred|The above exception was the direct cause of the following exception):$/

/** The exception itself stands last, its causes before it; within each the innermost frame is the last. */
function pythonTrace(lines: readonly string[]): StackTrace {
  const blocks: string[][] = [[]]
  for (const line of lines)
    if (PYTHON_CHAIN.test(line)) blocks.push([])
    else blocks.at(-1)!.push(line)
  const [own, ...causes] = blocks.reverse()
  return {
    frames: pythonFrames(own!),
    causes: causes.slice(0, MAX_CAUSES).map((block) => {
      const said = block.findLast((line) => line !== '' && !line.startsWith(' ')) ?? ''
      return { ...headline(said), frames: pythonFrames(block) }
    }),
  }
}

function pythonFrames(lines: readonly string[]): StackFrame[] {
  const frames: StackFrame[] = []
  for (const line of lines) {
    const found = PYTHON_FRAME.exec(line)
    if (found) frames.push({ path: found[1]!, line: Number(found[2]), label: found[3] ?? '' })
  }
  return frames.reverse().slice(0, MAX_FRAMES)
}

/** `Type: message`, of any language. */
function headline(line: string): { readonly type: string; readonly message: string } {
  const at = line.indexOf(': ')
  return at < 0 ? { type: line, message: '' } : { type: line.slice(0, at), message: line.slice(at + 2) }
}

const CAUSED_BY = /^\s*(?:Caused by: |\[cause\]: |--->? )(.*)$/

/** Languages that put `at` before each frame. */
function markedTrace(lines: readonly string[]): StackTrace {
  const frames: StackFrame[] = []
  const causes: { type: string; message: string; frames: StackFrame[] }[] = []
  let current = frames
  for (const line of lines) {
    const caused = CAUSED_BY.exec(line)
    if (caused) {
      if (causes.length === MAX_CAUSES) break
      causes.push({ ...headline(caused[1]!), frames: [] })
      current = causes.at(-1)!.frames
      continue
    }
    const frame = markedFrame(line)
    if (frame !== undefined && current.length < MAX_FRAMES) current.push(frame)
  }
  return { frames, causes }
}

const MARKED = /^\s+at (.+)$/
/** com.example.Foo.bar(Foo.java:12), (Native Method), (Unknown Source). */
const JAVA = /^([^\s(]+)\((Native Method|Unknown Source|[^():\s]+\.(?:java|kt|scala|groovy|clj)(?::\d+)?)\)$/
/** Where `Object.<anonymous> (/a/b.js:1:2)`, `/a/b.js:1:2` and `file:///a/b.mjs:1:2` end. */
const SCRIPT_PLACE = /:(\d+):\d+(\)?)$/
/** Of `Shop.Cart.Add(Int32 n) in C:\a\Cart.cs:line 12`. */
const DOTNET_PLACE = /:line (\d+)$/

function markedFrame(written: string): StackFrame | undefined {
  const text = MARKED.exec(written.trimEnd())?.[1]
  if (text === undefined) return undefined
  const java = JAVA.exec(text)
  if (java) {
    const [path, number] = java[2]!.split(':')
    return { path: path!, line: Number(number ?? 0), label: java[1]! }
  }
  const dotnet = DOTNET_PLACE.exec(text)
  if (dotnet) return parted(text.slice(0, dotnet.index), ' in ', Number(dotnet[1]))
  const script = SCRIPT_PLACE.exec(text)
  if (!script) return { path: '', line: 0, label: text }
  const place = text.slice(0, script.index)
  const line = Number(script[1])
  return script[2] === '' ? { path: place.replace(/^async /, ''), line, label: '' } : parted(place, ' (', line)
}

function parted(text: string, by: string, line: number): StackFrame {
  const at = text.indexOf(by)
  return at < 0 ? { path: '', line, label: text } : { path: text.slice(at + by.length), line, label: text.slice(0, at) }
}

/** Two lines a frame: the call, and behind a tab `/a/b.go:12 +0x1d`. */
function goFrames(lines: readonly string[]): StackFrame[] {
  const frames: StackFrame[] = []
  for (let i = 1; i < lines.length && frames.length < MAX_FRAMES; i++) {
    const place = /^\t(.*):(\d+)/.exec(lines[i]!)
    if (!place) continue
    const call = lines[i - 1]!.replace(/\([^()]*\)$/, '')
    frames.push({ path: place[1]!, line: Number(place[2]), label: call })
  }
  return frames
}
