import { describeHostileBoots } from '../support/hostile-boots.js'

describeHostileBoots('servers booted from hostile settings, two hundred of each @once', {
  boots: 200,
  timeoutMs: 900_000,
})
