// Rows to come, in their final height; nothing for the first 150 ms, which most answers need less of.
import { useEffect, useState, type ReactNode } from 'react'
import styles from './parts.module.css'

const WAIT_MS = 150

export interface SkeletonProps {
  readonly rows?: number
  readonly label: string
}

export function Skeleton({ rows = 8, label }: SkeletonProps): ReactNode {
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), WAIT_MS)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div role="status" aria-label={`${label}: loading`} className={styles['skeleton']}>
      {shown && Array.from({ length: rows }, (_, row) => <div key={row} />)}
    </div>
  )
}
