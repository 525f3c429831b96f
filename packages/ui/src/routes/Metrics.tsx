// The page of metrics: not there yet.
export { NotBuilt as Metrics } from './NotBuilt.tsx'
