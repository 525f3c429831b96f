// The trace as it is stored: X-Ray's documents, or OpenTelemetry's JSON.
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { get, traceAddress } from '../api.ts'
import { bytes } from '../format.ts'
import { CopyButton } from '../parts/CopyButton.tsx'
import { Failure } from '../parts/Failure.tsx'
import { saveAs } from '../parts/save-as.ts'
import { Skeleton } from '../parts/Skeleton.tsx'
import styles from './trace.module.css'

const FORMATS = [
  ['xray', 'X-Ray'],
  ['otlp', 'OpenTelemetry'],
] as const
const MOST_SHOWN = 200_000

export function RawTab({ id }: { readonly id: string }): ReactNode {
  const [format, setFormat] = useState<'xray' | 'otlp'>('xray')
  const { data, error, refetch } = useQuery({
    queryKey: ['raw', id, format],
    queryFn: async ({ signal }) =>
      JSON.stringify(await get<unknown>(`${traceAddress(id)}/raw`, { format }, signal), null, 2),
  })
  return (
    <>
      <div className={styles['toolbar']}>
        {FORMATS.map(([key, name]) => (
          <button key={key} type="button" aria-pressed={key === format} onClick={() => setFormat(key)}>
            {name}
          </button>
        ))}
        {data !== undefined && (
          <>
            <CopyButton text={data} label="Copy all of it">
              {' '}
              Copy
            </CopyButton>
            <button
              type="button"
              className="plain"
              onClick={() => saveAs(`trace-${id}.${format}.json`, new Blob([data], { type: 'application/json' }))}
            >
              Save ({bytes(data.length)})
            </button>
            {data.length > MOST_SHOWN && (
              <span>
                The first {bytes(MOST_SHOWN)} of {bytes(data.length)} are shown.
              </span>
            )}
          </>
        )}
      </div>
      {error !== null && <Failure what="The trace could not be read" error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton label="Raw trace" />}
      {data !== undefined && (
        <div className={styles['rawTab']} role="region" aria-label="Raw trace" tabIndex={0}>
          <pre>{data.slice(0, MOST_SHOWN)}</pre>
        </div>
      )}
    </>
  )
}
