// Filter expressions over what the generator makes, one of each class that the store answers in a way of its own.

const SINGLE: readonly string[] = [
  'service("api-gateway")',
  'service("search-list-00")',
  'http.status = 404',
  'http.url CONTAINS "billing"',
  'http.url CONTAINS "nowhere"',
  'http.method = "POST"',
  'annotation.customer = "cust-0042"',
  'annotation.cold_start = true',
  'duration > 2',
  'duration < 0.05',
  'responsetime > 2',
  'fault',
  'error',
  'throttle',
  'partial',
  'user = "nobody"',
  'edge("api-gateway", "orders-create-00")',
  'service(id(type: "AWS::DynamoDB::Table"))',
  'message CONTAINS "upstream"',
]

const AND: readonly string[] = [
  'service("orders-create-00") AND fault AND duration > 0.5',
  'service("api-gateway") AND http.status = 502 AND responsetime > 0.2',
  'annotation.customer = "cust-0042" AND error AND http.method = "POST"',
  'annotation.cold_start = true AND duration > 1 AND http.url CONTAINS "billing"',
  'edge("api-gateway", "orders-create-00") AND fault AND duration > 0.1',
]

export const FILTERS: readonly string[] = [...SINGLE, ...AND]
