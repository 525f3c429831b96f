// Code that a template holds as text (InlineCode, ZipFile), as the cloud lays it out: one file `index`, and beside it the
// module with which custom resources answer.
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { endPackageScope } from './package-scope.ts'

const PYTHON_RESPONSE = `import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    body = {
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    data = json.dumps(body).encode()
    request = urllib.request.Request(event["ResponseURL"], data=data, method="PUT", headers={"content-type": ""})
    try:
        with urllib.request.urlopen(request) as response:
            print("Status code:", response.status)
    except Exception as error:
        print("send(..) failed:", error)
`

const NODE_RESPONSE = `exports.SUCCESS = 'SUCCESS'
exports.FAILED = 'FAILED'

exports.send = function (event, context, responseStatus, responseData, physicalResourceId, noEcho) {
  const { request } = event.ResponseURL.startsWith('https:') ? require('node:https') : require('node:http')
  const body = JSON.stringify({
    Status: responseStatus,
    Reason: 'See the details in CloudWatch Log Stream: ' + context.logStreamName,
    PhysicalResourceId: physicalResourceId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: responseData,
  })
  const headers = { 'content-type': '', 'content-length': Buffer.byteLength(body) }
  const put = request(event.ResponseURL, { method: 'PUT', headers }, (response) => {
    console.log('Status code: ' + response.statusCode)
    context.done()
  })
  put.on('error', (error) => {
    console.log('send(..) failed: ' + error)
    context.done()
  })
  put.end(body)
}
`

function filesOf(text: string, runtime: string): Readonly<Record<string, string>> {
  if (runtime.startsWith('nodejs')) return { 'index.js': text, 'node_modules/cfn-response/index.js': NODE_RESPONSE }
  return { 'index.py': text, 'cfnresponse.py': PYTHON_RESPONSE }
}

/** A directory of the cache with the code, named by what is in it. */
export async function writeInlineCode(text: string, runtime: string, cacheDir: string): Promise<string> {
  const files = filesOf(text, runtime)
  const key = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 32)
  const all = join(resolve(cacheDir), 'inline')
  endPackageScope(all)
  const dir = join(all, key)
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true })
    await writeFile(join(dir, path), content)
  }
  return dir
}
