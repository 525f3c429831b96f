// What `--store` says: one ClickHouse URL, or one for each node of a cluster, joined by commas. Reads text, reaches nobody.
import { FnscopeError } from '../errors.ts'

/** One server's HTTP port and who asks there. */
export interface ServerAddress {
  /** Scheme, host and port, nothing else. */
  readonly url: URL
  readonly username: string
  readonly password: string
}

export interface Credentials {
  /** Before what the URL says. */
  readonly username?: string | undefined
  readonly password?: string | undefined
}

const DEFAULT_DATABASE = 'fnscope'

/** A comma that begins another URL: one inside a password does not. */
const BETWEEN_URLS = /\s*,\s*(?=[a-z]+:\/\/)/i

/** The servers that the text names, at least one. @throws FnscopeError FNS_USAGE; the message holds no password */
export function parseStoreUrl(text: string, credentials: Credentials = {}): readonly ServerAddress[] {
  return splitUrls(text).map((url) => addressOf(url, credentials))
}

/** The database that the URLs name, `fnscope` when they name none. @throws FnscopeError FNS_USAGE */
export function databaseOf(text: string): string {
  const names = new Set(splitUrls(text).map((url) => decodeURIComponent(url.pathname).replaceAll('/', '')))
  names.delete('')
  if (names.size > 1)
    throw new FnscopeError(
      'FNS_USAGE',
      `The URLs of --store name several databases: ${[...names].join(', ')}. Name one.`,
    )
  return checkDatabase([...names][0] ?? DEFAULT_DATABASE)
}

/** The name stands in statements as it is. @throws FnscopeError FNS_USAGE */
export function checkDatabase(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name)) return name
  throw new FnscopeError(
    'FNS_USAGE',
    `The store's database may have letters, digits and underscores in its name, not "${name}".`,
  )
}

/** The cluster's name stands in statements too. @throws FnscopeError FNS_USAGE */
export function checkCluster(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(name)) return name
  throw new FnscopeError('FNS_USAGE', `--cluster wants a name from the server's remote_servers, not "${name}".`)
}

function splitUrls(text: string): readonly URL[] {
  return text.split(BETWEEN_URLS).map((part) => {
    const url = URL.parse(part.trim())
    if (url === null) {
      throw new FnscopeError(
        'FNS_USAGE',
        'The store wants a URL like http://user:password@host:8123/fnscope, or several with commas between. Of a password, encode what is no letter or digit (%40 for @).',
      )
    }
    if (url.protocol === 'http:' || url.protocol === 'https:') return url
    throw new FnscopeError(
      'FNS_USAGE',
      `The store's URL begins with http:// or https:// (ClickHouse's HTTP port), not ${url.protocol}//.`,
    )
  })
}

function addressOf(url: URL, { username, password }: Credentials): ServerAddress {
  return {
    url: new URL(`${url.protocol}//${url.host}/`),
    username: username ?? (decodeURIComponent(url.username) || 'default'),
    password: password ?? decodeURIComponent(url.password),
  }
}
