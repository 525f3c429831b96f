// Stack outputs as the cloud would print them, with the hosts of local REST fronts in place of API Gateway's.

/** Key → value; every `https://<apiId>.execute-api.<region>.<suffix>` of a front becomes the front's own URL. */
export function rewriteOutputs(
  outputs: Readonly<Record<string, string>>,
  fronts: readonly { readonly apiId: string; readonly url: string }[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(outputs).map(([key, value]) => [key, fronts.reduce(withFront, value)]))
}

function withFront(value: string, front: { readonly apiId: string; readonly url: string }): string {
  const host = String.raw`${front.apiId}\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?`
  const authority = front.url.replace(/^https?:\/\//, '')
  return value
    .replaceAll(new RegExp(`https?://${host}(?::443)?`, 'g'), front.url)
    .replaceAll(new RegExp(String.raw`\b${host}`, 'g'), authority)
}
