// Where a function's Jaeger exporter sends its spans: the URL that handlers of Function Compute are told.

const PLACE = '20260101/local/jaeger/aws4_request'

/**
 * Thrift over HTTP at the door; undefined when it is not open. Exporters send no header of ours: where a token is asked
 * for, the key of this run's functions is in the query, as the guard of tokens reads it.
 * @param description `127.0.0.1:14268`, `off`, `closed: …`
 */
export function jaegerEndpoint(description: string | undefined, functionKey: string | undefined): string | undefined {
  const [, host = '', port] = /^(\S+):(\d+)$/.exec(description ?? '') ?? []
  if (port === undefined) return undefined
  const query = functionKey === undefined ? '' : `?X-Amz-Credential=${functionKey}/${PLACE}`
  return `http://${/^(0\.0\.0\.0|\[::\])$/.test(host) ? '127.0.0.1' : host}:${port}/api/traces${query}`
}
