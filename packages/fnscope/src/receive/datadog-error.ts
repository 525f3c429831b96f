// How the Datadog agent says that a request failed: a status and a line of text. Tracers give up a version of the API for
// good on 404 and 415, so neither is ever the answer to a body.
import type { ErrorFormat } from '../http/error-format.ts'

const WORDS: Readonly<Record<number, string>> = { 413: 'payload-too-large', 408: 'timeout' }

export const datadogErrorFormat: ErrorFormat = ({ status, message }) => ({
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  body: `${WORDS[status] ?? message}\n`,
})
