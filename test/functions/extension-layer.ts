// Layers with external extensions for tests: small Python programs against the Extensions API, as a vendor would write.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What an extension's body may use: call(method, path, body, headers) -> (status, headers, JSON), register(events), next(). */
const PRELUDE = `#!/usr/bin/env python3
import json, os, sys, time, http.client
NAME = os.path.basename(sys.argv[0])
API = os.environ['AWS_LAMBDA_RUNTIME_API']
ID = {}
def call(method, path, body=None, headers={}):
    c = http.client.HTTPConnection(API)
    c.request(method, path, None if body is None else json.dumps(body), headers)
    r = c.getresponse(); text = r.read()
    return r.status, r.headers, json.loads(text) if text else None
def register(events, name=NAME, more={}):
    status, headers, body = call('POST', '/2020-01-01/extension/register', {'events': events}, {'Lambda-Extension-Name': name, **more})
    if status == 200: ID['Lambda-Extension-Identifier'] = headers['Lambda-Extension-Identifier']
    return status, body
def next_event():
    return call('GET', '/2020-01-01/extension/event/next', None, ID)[2]
def say(*what):
    print(*what, flush=True)
`

/** Writes `<dir>/extensions/<name>` for each body and answers `dir`. */
export function extensionLayer(dir: string, bodies: Readonly<Record<string, string>>): string {
  mkdirSync(join(dir, 'extensions'), { recursive: true })
  for (const [name, body] of Object.entries(bodies)) {
    const path = join(dir, 'extensions', name)
    writeFileSync(path, PRELUDE + body)
    chmodSync(path, 0o755)
  }
  return dir
}

/** Registers, says each event, and ends at SHUTDOWN. */
export const LISTENER = `
say('registered', register(['INVOKE', 'SHUTDOWN']))
while True:
    event = next_event()
    say('event', json.dumps(event))
    if event['eventType'] == 'SHUTDOWN': sys.exit(0)
`
