// The log page: not there yet.
export { NotBuilt as Logs } from './NotBuilt.tsx'
