// The one thread of all UDP sockets of this process: started for the first of them, ended after the last.
import { Worker } from 'node:worker_threads'

export interface ThreadUse {
  readonly worker: Worker
  /** Once. Resolves, for the last one that leaves, when the thread has ended. */
  leave(): Promise<void>
}

let worker: Worker | undefined
const failed = new Set<(message: string) => void>()

/** @param onError the thread failed, and with it every socket in it */
export function enterReceiverThread(onError: (message: string) => void): ThreadUse {
  worker ??= start()
  const entered = worker
  failed.add(onError)
  return {
    worker: entered,
    async leave() {
      failed.delete(onError)
      if (failed.size > 0 || worker !== entered) return
      worker = undefined
      await entered.terminate()
    },
  }
}

function start(): Worker {
  const started = new Worker(new URL('./udp-receiver-thread.ts', import.meta.url), { name: 'udp-receivers' })
  started.on('error', (error: Error) => {
    if (worker === started) worker = undefined
    for (const tell of failed) tell(error.message)
  })
  return started
}
