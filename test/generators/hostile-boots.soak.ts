import { describeHostileBoots } from '../support/hostile-boots.js'

describeHostileBoots('servers booted from hostile settings, two hundred of each', {
  boots: 200,
  timeoutMs: 0,
})
