// The thread that owns the UDP sockets of all doors, for each thread is about 20 MB: it does nothing but empty the kernel's
// buffers, whatever the main thread is busy with. What datagrams mean is nobody's business here.
import { parentPort } from 'node:worker_threads'

import type { OpenSocket } from './udp-receiver-message.ts'
import { ReceivingSocket } from './udp-receiving-socket.ts'

parentPort!.on('message', (wanted: OpenSocket) => new ReceivingSocket(wanted))
