import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { commandsOf } from './commands.ts'

test('commands have the addresses of the doors that are open', () => {
  const said = commandsOf([
    { name: 'main', address: '127.0.0.1:4747' },
    { name: 'datadog', address: '127.0.0.1:8126, 127.0.0.1:9529' },
    { name: 'otlp-http' },
  ])
  assert.equal(said.length, 3)
  assert.match(said[0]!.command, /AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:4747 /)
  assert.equal(said.at(-1)?.command, 'export DD_TRACE_AGENT_URL=http://127.0.0.1:8126')
})
