import { describeHostileBoots } from '../support/hostile-boots.js'

/** A sample; the soak boots two hundred of each. */
describeHostileBoots('servers booted from hostile settings @once', { boots: 60, timeoutMs: 300_000 })
