// The object that the handler is a method of. Stack traces name its class before the handler: `at Runtime.handler (…)`.

function Runtime(handler) {
  this.handler = handler
}

function BufferedInvokeProcessor(handler) {
  this.handler = handler
}

function StreamingInvokeProcessor(handler) {
  this.handler = handler
}

/** @returns {{handler: Function}} of the cloud's class: one until nodejs22.x, two from nodejs24.x on */
export function calledOn(handler, { promisesOnly, streaming }) {
  if (!promisesOnly) return new Runtime(handler)
  return streaming ? new StreamingInvokeProcessor(handler) : new BufferedInvokeProcessor(handler)
}
