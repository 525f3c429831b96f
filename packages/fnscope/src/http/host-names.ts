// Which addresses are this machine's alone, and the names a client may know a wider listener by.
import { hostname, networkInterfaces } from 'node:os'

import { isLoopbackName } from './host-guard.ts'

/** False for an address that other machines reach; `host` as a listener takes it, IPv6 without brackets. */
export function isLoopbackHost(host: string): boolean {
  return isLoopbackName(bracketed(host.toLowerCase()))
}

/** For refuseHost's allow-list: none on loopback; else the name itself, the machine's own and all its addresses. */
export function hostNamesOf(host: string): string[] {
  if (isLoopbackHost(host)) return []
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return [host, hostname(), ...addresses.map(({ address }) => address)].map((name) => bracketed(name.toLowerCase()))
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
