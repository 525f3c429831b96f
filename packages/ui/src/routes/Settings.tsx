// Settings: this browser's, the doors, retention and what else the server was started with, sampling rules.
import type { ReactNode } from 'react'
import { Doors } from '../settings/Doors.tsx'
import { Preferences } from '../settings/Preferences.tsx'
import { Retention } from '../settings/Retention.tsx'
import { SamplingRules } from '../settings/SamplingRules.tsx'
import { Server } from '../settings/Server.tsx'
import styles from '../settings/settings.module.css'

export function Settings(): ReactNode {
  return (
    <div className={styles['page']} tabIndex={0} role="region" aria-label="Settings">
      <h1>Settings</h1>
      <Preferences />
      <Doors />
      <SamplingRules />
      <Retention />
      <Server />
    </div>
  )
}
