import { nameRelease, endOfSupport, firstSafeRelease, vulnerabilitiesOf } from '../server-releases.js'
import { redisServices } from './containers.js'
import type { Find } from './settings.js'

/** VER-001 */
export const endedBranch: Find = function* (facts) {
  for (const { service } of redisServices(facts)) {
    const release = service.image?.release
    const ended = release === undefined ? undefined : endOfSupport(release, facts.now)
    if (service.image === undefined || release === undefined || ended === undefined) continue
    const since = /^\d/.test(ended) ? `since ${ended}` : 'for years'
    yield { at: service.image.at, message: `${nameRelease(release)} has had no fixes ${since}` }
  }
}

/** VER-002. An image of a distribution may carry the fix under the old number: "possible", as information. */
export const vulnerableVersion: Find = function* (facts) {
  for (const { service } of redisServices(facts)) {
    const { image } = service
    const release = image?.release
    if (image === undefined || release === undefined) continue
    const found = vulnerabilitiesOf(release)
    if (found.length === 0) continue
    const ids = found.map(({ ids: [first = '', ...others] }) =>
      others.length === 0 ? first : `${first} and others`,
    )
    const safe = firstSafeRelease(release)
    const fix = safe === undefined ? 'this branch has no fixed release' : `fixed in ${safe}`
    yield image.official
      ? { at: image.at, message: `${nameRelease(release)} has ${ids.join(', ')}: ${fix}` }
      : {
          at: image.at,
          message: `possible: ${nameRelease(release)} has ${ids.join(', ')} unless this image carries the fix (${fix})`,
          severity: 'info',
        }
  }
}
