// The pages of the rail, in order: where, what they are called, the key after `g`. Routes are in router.tsx.
import {
  Activity,
  ChartLine,
  FunctionSquare,
  ListTree,
  Network,
  ScrollText,
  Settings,
  type LucideIcon,
} from 'lucide-react'

export interface Page {
  readonly to: '/' | '/traces' | '/map' | '/functions' | '/logs' | '/metrics' | '/settings'
  readonly name: string
  readonly key: string
  readonly icon: LucideIcon
}

export const PAGES: readonly Page[] = [
  { to: '/', name: 'Live', key: 'l', icon: Activity },
  { to: '/traces', name: 'Traces', key: 't', icon: ListTree },
  { to: '/map', name: 'Map', key: 'm', icon: Network },
  { to: '/functions', name: 'Functions', key: 'f', icon: FunctionSquare },
  { to: '/logs', name: 'Logs', key: 'o', icon: ScrollText },
  { to: '/metrics', name: 'Metrics', key: 'e', icon: ChartLine },
  { to: '/settings', name: 'Settings', key: 's', icon: Settings },
]
