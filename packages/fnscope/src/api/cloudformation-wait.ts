// A change is answered when it is done, as long as that takes no longer than a client waits anyway: their first look at
// the events then finds the end of it, and nobody polls for seconds. A longer one goes on behind the answer.

const LONGEST_MS = 2000
/** SAM CLI sleeps five seconds before its first look, whatever it was answered: the change is made meanwhile. */
const SLEEPS_FIRST = /\baws-sam-cli\//

/** @param userAgent of the client that asked for the change */
export async function settledSoon(done: Promise<void>, userAgent = ''): Promise<void> {
  if (SLEEPS_FIRST.test(userAgent)) return
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LONGEST_MS)
  })
  await Promise.race([done, late])
  clearTimeout(timer)
}
