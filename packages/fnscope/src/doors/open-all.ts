// Several doors opened at once, all or none: a UDP door starts a thread, and a start that waits for each is slow.
import type { OpenDoor } from './door-context.ts'

type Opening<Doors> = { readonly [name in keyof Doors]: Promise<Doors[name]> }

/** The doors by name. @throws the first failure, in their order, when the others are closed again */
export async function openAll<Doors extends { readonly [name in keyof Doors]?: OpenDoor }>(
  opening: Opening<Doors>,
): Promise<Doors> {
  const entries = Object.entries<Promise<OpenDoor | undefined>>(opening)
  const settled = await Promise.allSettled(entries.map(([, door]) => door))
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed === undefined) {
    const opened = settled.map((one) => (one.status === 'fulfilled' ? one.value : undefined))
    return Object.fromEntries(entries.map(([name], at) => [name, opened[at]])) as Doors
  }
  await Promise.all(settled.map(async (one) => (one.status === 'fulfilled' ? await one.value?.stop() : undefined)))
  throw failed.reason
}
