import { ClusterRoute } from './cluster-route.js'
import type { OpenConnectionOptions } from './open-options.js'
import type { Route } from './route.js'
import { openSingleRoute } from './route.js'

/** The way to the servers that the settings name. It begins to connect at once. */
export function openRoute(options: OpenConnectionOptions): Route {
  return options.settings.topology === 'cluster' ? new ClusterRoute(options) : openSingleRoute(options)
}
