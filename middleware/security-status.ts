import type { NextFunction, Request, RequestHandler, Response } from 'express'
import { CacheError } from '../lib/errors.js'
import { assetAnswer, pageAnswer, VARIES } from './dashboard/dashboard.js'
import { failedTokens } from './failed-tokens.js'
import type { FailedTokens } from './failed-tokens.js'
import { accessOf, accessWithoutToken } from './status-access.js'
import type { Access, AccessRules } from './status-access.js'
import { eventsAnswer, healthAnswer, statusAnswer } from './status-answers.js'
import { readStatusOptions } from './status-options.js'
import type { SecurityStatusOptions } from './status-options.js'
import { StatusMetrics } from './status-metrics.js'
import { protectHeaders, send } from './status-send.js'
import type { Answer } from './status-send.js'
import { sourceFinder } from './status-source.js'
import type { StatusSource } from './status-source.js'
import { StatusStreams } from './status-stream.js'

interface Question {
  readonly sources: readonly StatusSource[]
  readonly query: URLSearchParams
  readonly accessWithoutToken: () => Promise<Access>
  readonly required: boolean
  readonly metrics: StatusMetrics
  readonly streams: StatusStreams
  readonly res: Response
}

interface Route {
  readonly who: 'anyone' | 'authorised'
  /** Undefined: the response was taken over. */
  readonly answer: (question: Question) => Answer | undefined | Promise<Answer>
}

/** docs/monitoring.md, "Routes". */
const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  [
    '/',
    {
      who: 'authorised',
      answer: async ({ sources }) => ({ ...(await statusAnswer(sources)), headers: VARIES }),
    },
  ],
  ['/status', { who: 'authorised', answer: ({ sources }) => statusAnswer(sources) }],
  ['/events', { who: 'authorised', answer: ({ sources, query }) => eventsAnswer(sources, query) }],
  ['/stream', { who: 'authorised', answer: ({ sources, streams, res }) => streams.open(res, sources) }],
  ['/metrics', { who: 'authorised', answer: ({ sources, metrics }) => metrics.answer(sources) }],
  ['/health', { who: 'anyone', answer: ({ sources, required }) => healthAnswer(sources, required) }],
])

/**
 * The page and its parts are for anyone: they hold no data. Its links name the parts in the query (`?asset=`),
 * which is right behind every prefix, with and without a slash at its end.
 */
function publicRoute(req: Request, { path, query }: Target): Route | undefined {
  const name = path.startsWith(ASSETS_PATH) ? path.slice(ASSETS_PATH.length) : query.get('asset')
  const asset = path === '/' || path.startsWith(ASSETS_PATH) ? assetAnswer(name ?? '') : undefined
  if (asset !== undefined) return { who: 'anyone', answer: () => asset }
  // Who takes anything, such as curl, gets the facts.
  return path === '/' && req.accepts(['json', 'html']) === 'html' ? PAGE : undefined
}

const ASSETS_PATH = '/assets/'

const PAGE: Route = {
  who: 'anyone',
  answer: async (question) => pageAnswer(await question.accessWithoutToken()),
}

/**
 * Serves the security status from what was observed: a dashboard for browsers, `GET /status`, `/events`,
 * `/stream`, `/metrics` and `/health` below the path where it is mounted, such as
 * `app.use('/security', securityStatus())`.
 *
 * The status is for whoever sends `SECURITY_STATUS_TOKEN` as a bearer token, or passes `authorize`. Paths that
 * it does not know go on to the application; without a cache a request goes on with `ERR_CACHE_MISUSE`.
 *
 * Throws a ConfigError for options that it does not know.
 */
export function securityStatus(options: SecurityStatusOptions = {}): RequestHandler {
  const { cache, property, authorize, required, registry } = readStatusOptions(options)
  const find = sourceFinder({ cache, property })
  const metrics = new StatusMetrics(registry)
  metrics.join(find.given)
  const streams = new StatusStreams()
  const waitAfter = failedTokens()

  return function serveStatus(req, res, next) {
    const target = readUrl(req.url)
    const route = publicRoute(req, target) ?? ROUTES.get(target.path)
    if (route === undefined) {
      next()
      return
    }
    const sources = find.on(req)
    if (sources.length === 0) {
      next(noCache(property))
      return
    }
    const rules = rulesOf(sources, authorize)
    protectHeaders(req, res, () => {
      void serve(
        { req, res, next },
        { route, access: () => accessOf(req, rules), waitAfter },
        {
          sources,
          query: target.query,
          accessWithoutToken: () => accessWithoutToken(req, rules),
          required,
          metrics,
          streams,
          res,
        },
      )
    })
  }
}

interface Target {
  readonly path: string
  readonly query: URLSearchParams
}

interface Visit {
  readonly req: Request
  readonly res: Response
  readonly next: NextFunction
}

interface Door {
  readonly route: Route
  readonly access: () => Promise<Access>
  readonly waitAfter: FailedTokens
}

async function serve(visit: Visit, door: Door, question: Question): Promise<void> {
  try {
    question.metrics.join(question.sources)
    const refused = await admit(visit, door)
    const answer = refused ?? (await door.route.answer(question))
    if (answer !== undefined) send(visit.res, answer)
  } catch (error) {
    visit.next(error)
  }
}

/** Why this request is not answered, or nothing. */
async function admit(
  { req, res }: Visit,
  { route, access: find, waitAfter }: Door,
): Promise<Answer | undefined> {
  if (req.method !== 'GET' && req.method !== 'HEAD') return NOT_ALLOWED
  if (route.who === 'anyone') return undefined
  const access = await find()
  if (access === 'authorised') return undefined
  const seconds = access === 'wrong_token' ? await waitAfter(req, res) : 0
  return seconds > 0 ? tooMany(seconds) : REFUSALS[access]
}

function rulesOf(
  sources: readonly StatusSource[],
  authorize: SecurityStatusOptions['authorize'],
): AccessRules<Request> {
  return {
    tokens: sources.flatMap(({ settings }) => settings.security.statusToken ?? []),
    authorize,
    local: sources.every(({ settings }) => LOCAL.has(settings.environment)),
  }
}

const LOCAL: ReadonlySet<string> = new Set(['development', 'test'])

const CHALLENGE = 'Bearer realm="security status"'

const REFUSALS: Readonly<Record<Exclude<Access, 'authorised'>, Answer>> = {
  no_token: refusal(401, 'send the token: `Authorization: Bearer …`', { 'WWW-Authenticate': CHALLENGE }),
  wrong_token: refusal(401, 'the token is wrong: compare it with SECURITY_STATUS_TOKEN', {
    'WWW-Authenticate': `${CHALLENGE}, error="invalid_token"`,
  }),
  refused: refusal(403, 'you are not authorised to see this'),
  not_configured: refusal(
    503,
    'set SECURITY_STATUS_TOKEN (at least 32 characters), or give securityStatus({ authorize }): without them ' +
      'the status is shown on this machine alone, and only with NODE_ENV development or test',
  ),
}

const NOT_ALLOWED = refusal(405, 'only GET and HEAD are answered here', { Allow: 'GET, HEAD' })

function tooMany(seconds: number): Answer {
  return refusal(429, 'too many wrong tokens from this address: wait', { 'Retry-After': String(seconds) })
}

function refusal(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body: { error: message }, headers }
}

/** Not `req.path` and `req.query`: the application may have replaced how Express reads a query. */
function readUrl(url: string): Target {
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  return {
    path: path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path,
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
  }
}

function noCache(property: string): CacheError {
  return new CacheError(
    'ERR_CACHE_MISUSE',
    `securityStatus() found no cache in req.${property}: call app.use(secureCache()) before it, or give securityStatus({ cache })`,
  )
}
