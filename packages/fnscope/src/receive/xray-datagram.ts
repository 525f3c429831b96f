// One datagram of the X-Ray daemon's protocol: a header line `{"format":"json","version":1}`, a newline, one document; or
// in place of the document, from AWS' distributions of OpenTelemetry in a function, OTLP in base64 behind a word that says
// what it is: T1S and T1U traces (sampled, unsampled), M1 metrics.
// Rules as seen of daemon 3.6.6: blanks in the header and any case of "json" are fine; version must be 1; only the FIRST
// newline splits, pretty-printed documents hold more.

export type DatagramRefusal = 'no_newline' | 'bad_header' | 'empty_body'

export type OtlpWord = 'T1S' | 'T1U' | 'M1'

/** `body`: the document's bytes, or the base64 behind the word; a view of the datagram. */
export type XrayDatagram =
  | { readonly body: Buffer; readonly otlp?: OtlpWord }
  | { readonly refused: DatagramRefusal; readonly message: string }

/** What both SDKs send: Node and Go compact, Python with blanks in older releases. */
const COMPACT = Buffer.from('{"format":"json","version":1}\n')
const NEWLINE = 10
const DIGIT_1 = 49
const [LETTER_M, LETTER_S, LETTER_T, LETTER_U] = Buffer.from('MSTU') as unknown as readonly [
  number,
  number,
  number,
  number,
]

export function readDatagram(datagram: Buffer): XrayDatagram {
  let bodyStart = COMPACT.length
  if (datagram.compare(COMPACT, 0, COMPACT.length, 0, Math.min(bodyStart, datagram.length)) !== 0) {
    const newline = datagram.indexOf(NEWLINE)
    if (newline === -1) return refused('no_newline', 'no newline between header and document')
    if (!isHeader(datagram.toString('utf8', 0, newline)))
      return refused('bad_header', 'the header line is not {"format":"json","version":1}')
    bodyStart = newline + 1
  }
  // Its bytes never begin a JSON document.
  const otlp = otlpWord(datagram, bodyStart)
  if (otlp !== undefined) return { body: datagram.subarray(bodyStart + otlp.length), otlp }
  const body = datagram.subarray(bodyStart)
  return isBlank(body) ? refused('empty_body', 'nothing after the header line') : { body }
}

function refused(reason: DatagramRefusal, message: string): XrayDatagram {
  return { refused: reason, message }
}

function otlpWord(bytes: Buffer, at: number): OtlpWord | undefined {
  const first = bytes[at]
  if (bytes[at + 1] !== DIGIT_1) return undefined
  if (first === LETTER_M) return 'M1'
  if (first !== LETTER_T) return undefined
  const third = bytes[at + 2]
  return third === LETTER_S ? 'T1S' : third === LETTER_U ? 'T1U' : undefined
}

const MAX_BLANK_BYTE = 32

/** Most documents begin with a brace: one comparison. Other alphabets' blanks are text, and no JSON begins with them. */
function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte > MAX_BLANK_BYTE) return false
  return true
}

function isHeader(line: string): boolean {
  try {
    const header = JSON.parse(line) as { readonly format?: unknown; readonly version?: unknown } | null
    const format = header?.format
    return typeof format === 'string' && format.toLowerCase() === 'json' && header?.version === 1
  } catch {
    return false
  }
}
