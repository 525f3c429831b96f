// Captured bytes under test/fixtures, for unit tests and for those that replay them.
import { readFileSync } from 'node:fs'

const FOLDER = new URL('fixtures/', import.meta.url)

/** The documents of a capture, in order of arrival. */
export function readDocuments(capture: string): string[] {
  return readLines(`xray/${capture}.jsonl`)
    .map((line) => (JSON.parse(line) as { readonly datagram?: string }).datagram)
    .filter((datagram) => datagram !== undefined)
    .map((datagram) => datagram.slice(datagram.indexOf('\n') + 1))
}

export function readLines(path: string): string[] {
  return readFileSync(new URL(path, FOLDER), 'utf8').trimEnd().split('\n')
}

export const CAPTURES = [
  'node-sdk-lambda',
  'node-sdk-segment',
  'node-sdk-streaming-lambda',
  'powertools-python',
  'py-sdk-flask',
  'py-sdk-lambda',
  'py-sdk-streaming-lambda',
  'py-sdk-streaming-segment',
] as const
