// bin/fnscope.mjs may run this process under another Node: when that wrapper is gone, however it ended, we end as well.
import { Socket } from 'node:net'

const HARD_EXIT_MS = 4000

/** Watches the stream that the wrapper left open for us; without one, nothing. */
export function watchParent(env: NodeJS.ProcessEnv): void {
  const fd = Number(env['FNSCOPE_PARENT_FD'])
  // functions and engines that we start must not take it for theirs
  delete env['FNSCOPE_PARENT_FD']
  if (!Number.isInteger(fd)) return
  const stream = new Socket({ fd, readable: true, writable: false })
  stream
    .on('error', () => {})
    .resume()
    .unref()
  stream.once('close', () => {
    process.kill(process.pid, 'SIGTERM')
    setTimeout(() => process.exit(1), HARD_EXIT_MS).unref()
  })
}
