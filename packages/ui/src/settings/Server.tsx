// What the server was started with: what is recorded, where it is stored. Changed by flags.
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { ConsoleSettings } from '../../../fnscope/src/api/console-types.ts'
import { api } from '../api.ts'
import { Copied } from '../parts/CopyButton.tsx'
import { Failure } from '../parts/Failure.tsx'
import { PlainTable, type PlainColumn } from '../parts/PlainTable.tsx'
import { Skeleton } from '../parts/Skeleton.tsx'

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
        <PlainTable columns={COLUMNS} rows={rowsOf(data)} rowKey={([what]) => what} />
      )}
    </section>
  )
}

type ServerRow = readonly [what: string, is: string, flag: string]

const COLUMNS: readonly PlainColumn<ServerRow>[] = [
  { name: 'What', render: ([what]) => what },
  { name: 'Is', render: ([, is]) => is },
  {
    name: 'Another by',
    render: ([what, , flag]) => flag !== '' && <Copied text={flag} label={`Copy the flag for: ${what}`} />,
  },
]

function rowsOf(settings: ConsoleSettings): readonly ServerRow[] {
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
