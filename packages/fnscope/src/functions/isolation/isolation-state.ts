// Which way of isolation is active, in words: for `fnscope doctor` and for what `up` says when it is ready.
import type { Isolation } from './isolation.ts'

export interface IsolationState {
  readonly active: 'namespace' | 'none'
  /** What a function has of it, or why there is none. */
  readonly says: string
}

export function isolationState(isolation: Isolation): IsolationState {
  if (isolation.kind === 'none') {
    return { active: 'none', says: `plain processes with rewritten paths. ${isolation.reason}` }
  }
  const lacks = [
    ...(isolation.sizedTmp ? [] : ['; /tmp is as large as the disk']),
    ...(isolation.ownProc ? [] : ['; /proc is the machine’s']),
  ].join('')
  return {
    active: 'namespace',
    says: `namespaces of their own, with /var/task, /opt and /tmp as on the cloud${lacks}`,
  }
}
