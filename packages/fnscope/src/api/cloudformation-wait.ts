// A change is answered when it is done, as long as that takes no longer than a client waits anyway: their first look at
// the events then finds the end of it, and nobody polls for seconds. A longer one goes on behind the answer.

const LONGEST_MS = 2000

export async function settledSoon(done: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LONGEST_MS)
  })
  await Promise.race([done, late])
  clearTimeout(timer)
}
