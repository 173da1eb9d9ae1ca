import { FaultProxy } from './fault-proxy.js'
import type { RunningRedis } from './redis-server.js'

/** A fault proxy before a server with TLS, able to tell requests apart. Whoever starts it stops it. */
export async function startProxyBefore(server: RunningRedis): Promise<FaultProxy> {
  return new FaultProxy({ port: server.port, certificates: server.certificates }).start()
}
