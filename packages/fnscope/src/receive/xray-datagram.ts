// One datagram of the X-Ray daemon's protocol: a header line `{"format":"json","version":1}`, a newline, one document.
// Rules as seen of daemon 3.6.6: blanks in the header and any case of "json" are fine; version must be 1; only the FIRST
// newline splits, pretty-printed documents hold more.

export type DatagramRefusal = 'no_newline' | 'bad_header' | 'empty_body' | 'otlp_datagram'

/** `body`: the document's bytes, a view of the datagram. */
export type XrayDatagram = { readonly body: Buffer } | { readonly refused: DatagramRefusal; readonly message: string }

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
  // ADOT's UDP exporter sends OTLP here, sampled and unsampled traces and metrics; its bytes never begin a JSON document.
  if (isOtlp(datagram, 0)) return refused('otlp_datagram', 'OTLP in a datagram (T1S, T1U, M1) is not read yet')
  let bodyStart = COMPACT.length
  if (datagram.compare(COMPACT, 0, COMPACT.length, 0, Math.min(bodyStart, datagram.length)) !== 0) {
    const newline = datagram.indexOf(NEWLINE)
    if (newline === -1) return refused('no_newline', 'no newline between header and document')
    if (!isHeader(datagram.toString('utf8', 0, newline)))
      return refused('bad_header', 'the header line is not {"format":"json","version":1}')
    bodyStart = newline + 1
  }
  if (isOtlp(datagram, bodyStart)) return refused('otlp_datagram', 'OTLP in a datagram (T1S, T1U, M1) is not read yet')
  const body = datagram.subarray(bodyStart)
  return isBlank(body) ? refused('empty_body', 'nothing after the header line') : { body }
}

function refused(reason: DatagramRefusal, message: string): XrayDatagram {
  return { refused: reason, message }
}

function isOtlp(bytes: Buffer, at: number): boolean {
  const [first, second] = [bytes[at], bytes[at + 1]]
  if (first === LETTER_M) return second === DIGIT_1
  return first === LETTER_T && second === DIGIT_1 && (bytes[at + 2] === LETTER_S || bytes[at + 2] === LETTER_U)
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
