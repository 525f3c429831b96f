// What the server was started with: what is recorded, where it is stored. Changed by flags.
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { ConsoleSettings } from '../../../fnscope/src/api/console-types.ts'
import { api } from '../api.ts'
import { CopyButton } from '../parts/CopyButton.tsx'
import { Failure } from '../parts/Failure.tsx'
import { Skeleton } from '../parts/Skeleton.tsx'
import styles from './settings.module.css'

export function Server(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => api.settings({}, signal),
  })
  return (
    <section>
      <h2>Server</h2>
      {error !== null && <Failure what="The settings could not be read" error={error} onRetry={() => void refetch()} />}
      {data === undefined ? (
        error === null && <Skeleton label="Settings" />
      ) : (
        <div className={styles['wide']}>
          <table>
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">Is</th>
                <th scope="col">Another by</th>
              </tr>
            </thead>
            <tbody>
              {rowsOf(data).map(([what, is, flag]) => (
                <tr key={what}>
                  <th scope="row">{what}</th>
                  <td>{is}</td>
                  <td>
                    {flag !== '' && (
                      <span className={styles['hint']}>
                        <code>{flag}</code>
                        <CopyButton text={flag} label={`Copy the flag for: ${what}`} />
                      </span>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function rowsOf(settings: ConsoleSettings): readonly (readonly [what: string, is: string, flag: string])[] {
  const { sampling, ack, fsync, store, roles, dataDir, region, accountId, version } = settings
  return [
    ['Recorded', sampling === 'all' ? 'every call' : 'as on the cloud: 1 a second and 5 %', '--sampling all'],
    [
      'A sender is answered',
      ack === 'stored' ? 'when the store has it' : `when the log has it${fsync ? ', on the disk' : ''}`,
      ack === 'stored' ? '--ack wal' : '--ack stored',
    ],
    ['Store', store === 'embedded' ? 'the embedded engine' : 'a ClickHouse server', '--store URL'],
    ['Data directory', dataDir, '--data DIR'],
    ['This process does', roles.join(', '), '--roles receive,query,platform'],
    ['Region and account', `${region}, ${accountId}`, ''],
    ['Version', version, ''],
  ]
}
