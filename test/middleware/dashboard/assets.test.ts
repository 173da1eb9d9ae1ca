import { expect } from 'chai'
import express from 'express'
import { after, before, describe, it } from 'mocha'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import request from 'supertest'

import { ASSETS } from '../../../middleware/dashboard/assets.js'
import { secureCache, securityStatus } from '../../../middleware/index.js'
import type { SecureCacheHandler } from '../../../middleware/index.js'
import { succeed } from '../../support/run.js'

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
const TOKEN = 'right-token-0123456789-0123456789-0123'
const ROOT = join(import.meta.dirname, '..', '..', '..', '..')

describe('the parts of the dashboard', () => {
  let handler: SecureCacheHandler
  const app = express()

  before(() => {
    handler = secureCache({
      env: {
        CACHE_BACKEND: 'memory',
        CACHE_UNSAFE_MEMORY: 'true',
        REDIS_ENCRYPTION_KEY: randomBytes(32).toString('hex'),
        SECURITY_STATUS_TOKEN: TOKEN,
      },
      logger: false,
    })
    app.use('/security', securityStatus({ cache: handler }))
  })
  after(() => handler.close())

  it('are what their sources say', async () => {
    await succeed(process.execPath, ['scripts/embed-dashboard.mjs', '--check'], { cwd: ROOT })
  })

  it('weigh less than 60 KB together', () => {
    const bytes = Object.values(ASSETS).reduce((sum, text) => sum + Buffer.byteLength(text), 0)
    expect(bytes).to.be.within(10_000, 60_000)
  })

  it('have nothing inline: no script, no style, no handler, no address elsewhere', () => {
    const page = ASSETS['page.html']
    expect(page).to.not.match(/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)/i)
    expect(page).to.not.match(/https?:|\/\//)
    expect(ASSETS['dashboard.css']).to.not.match(/url\(|@import/)
    expect(ASSETS['dashboard.js']).to.not.match(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/,
    )
  })

  it('come to anyone, by path and by query', async () => {
    for (const [name, type] of [
      ['dashboard.js', /^text\/javascript/],
      ['dashboard.css', /^text\/css/],
      ['icon.svg', /^image\/svg\+xml/],
    ] as const) {
      for (const path of [`/security/assets/${name}`, `/security?asset=${name}`]) {
        const { status, headers } = await request(app).get(path).set('Accept', '*/*')
        expect(status, path).to.equal(200)
        expect(headers['content-type'], path).to.match(type)
        expect(headers, path).to.include({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
      }
    }
  })

  for (const name of ['page.html', 'constructor', '__proto__', '..%2fpackage.json', 'nothing.js', '']) {
    it(`are no others than these: "${name}" goes on to the application`, async () => {
      expect((await request(app).get(`/security/assets/${name}`)).status).to.equal(404)
      const { status } = await request(app).get(`/security?asset=${name}`).set('Accept', 'application/json')
      expect(status).to.equal(401)
    })
  }

  it('are an empty page for a browser, and the facts for everything else', async () => {
    const page = await request(app).get('/security').set('Accept', BROWSER)
    expect(page.status).to.equal(200)
    expect(page.headers).to.include({ vary: 'Accept', 'content-type': 'text/html; charset=utf-8' })
    expect(page.text).to.include('data-access="no_token"').and.not.include('ai_cache')
    for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0.5']) {
      const { status } = await request(app).get('/security').set('Accept', accept)
      expect(status, accept).to.equal(401)
      const { body } = await request(app)
        .get('/security')
        .set({ Accept: accept, Authorization: `Bearer ${TOKEN}` })
      expect(body, accept).to.have.property('checks')
    }
  })
})
