// Hosts of the cloud in outputs and variables, with what answers for them here in their place: fronts for API Gateway,
// function URLs and Function Compute's triggers, fnscope's own endpoint for queues.

export interface LocalPlaces {
  /** apiId or urlId, and `http://127.0.0.1:<port>`. */
  readonly fronts: readonly { readonly id: string; readonly url: string }[]
  /** For services whose URLs stand in values: a queue's. Undefined: they stay. */
  readonly endpointUrl?: string | undefined
}

/** Key → value, rewritten. */
export function withLocalUrls(
  values: Readonly<Record<string, string>>,
  { fronts, endpointUrl }: LocalPlaces,
): Record<string, string> {
  const withQueues = (text: string): string =>
    endpointUrl === undefined
      ? text
      : text.replaceAll(/https:\/\/sqs\.[a-z0-9-]+\.amazonaws\.com(\.cn)?(?=\/\d{12}\/)/g, endpointUrl)
  return Object.fromEntries(
    Object.entries(values).map(([key, text]) => [key, fronts.reduce(withFront, withQueues(text))]),
  )
}

function withFront(value: string, front: LocalPlaces['fronts'][number]): string {
  if (!value.includes(`${front.id}.`)) return value
  const host = String.raw`${front.id}\.(?:execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?|lambda-url\.[a-z0-9-]+\.on\.aws|[a-z0-9-]+\.fcapp\.run)`
  const authority = front.url.replace(/^https?:\/\//, '')
  return value
    .replaceAll(new RegExp(`https?://${host}(?::443)?`, 'g'), front.url)
    .replaceAll(new RegExp(String.raw`\b${host}`, 'g'), authority)
}
