import { expect } from 'chai'
import { describe, it } from 'mocha'
import { isRefusal, RetrySchedule } from '../../../lib/redis/retry-schedule.js'

describe('RetrySchedule', () => {
  it('retries an outage fast, at most half a second and its jitter apart', () => {
    const schedule = new RetrySchedule(() => 1)
    schedule.failed('ERR_REDIS_REFUSED')
    expect([1, 2, 3, 4, 5, 20].map((attempt) => schedule.delay(attempt))).to.deep.equal([
      100, 150, 250, 450, 550, 550,
    ])
  })

  it('retries a refusal after 1, 2, 4 … 60 seconds', () => {
    const schedule = new RetrySchedule()
    const delays = Array.from({ length: 8 }, (_, index) => {
      schedule.failed('ERR_REDIS_WRONGPASS')
      return schedule.delay(index + 1)
    })
    expect(delays).to.deep.equal([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
  })

  it('begins anew once it worked or the credentials are new', () => {
    const schedule = new RetrySchedule(() => 0)
    schedule.failed('ERR_TLS_CERT_EXPIRED')
    schedule.failed('ERR_TLS_CERT_EXPIRED')
    schedule.forget()
    schedule.failed('ERR_REDIS_RESET')
    expect(schedule.delay(1)).to.equal(50)
    schedule.failed('ERR_TLS_CERT_EXPIRED')
    expect(schedule.delay(2)).to.equal(1000)
  })

  it('connects at once where we dropped the connection ourselves, but only once', () => {
    const schedule = new RetrySchedule(() => 0)
    schedule.failed('ERR_REDIS_PROTOCOL')
    expect([1, 2].map((attempt) => schedule.delay(attempt))).to.deep.equal([0, 100])
  })

  it('takes login, permission and certificate for what waiting does not cure', () => {
    expect(
      (['ERR_REDIS_WRONGPASS', 'ERR_REDIS_NOAUTH', 'ERR_REDIS_NOPERM', 'ERR_TLS_VERSION'] as const).every(
        isRefusal,
      ),
    ).to.equal(true)
    expect(
      (['ERR_REDIS_REFUSED', 'ERR_REDIS_LOADING', 'ERR_TLS_OTHER', 'ERR_CACHE_TIMEOUT'] as const).some(
        isRefusal,
      ),
    ).to.equal(false)
  })
})
