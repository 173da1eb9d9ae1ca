import type { Request, Response } from 'express'
import { ipKeyGenerator, rateLimit } from 'express-rate-limit'

const WINDOW_MS = 60_000
/** Wrong tokens from one address within the window. */
const LIMIT = 10

/** How many seconds an address must wait; 0 while it may still be told that its token is wrong. */
export type FailedTokens = (req: Request, res: Response) => Promise<number>

/**
 * Counts wrong tokens by the address of the socket: `req.ip` is what the sender claims. Only requests whose
 * token was found wrong come here, so that whoever has the right one never waits, however many wrong ones
 * arrive from the same proxy.
 */
export function failedTokens(): FailedTokens {
  const limiter = rateLimit({
    windowMs: WINDOW_MS,
    limit: LIMIT,
    standardHeaders: false,
    legacyHeaders: false,
    keyGenerator: (req) => ipKeyGenerator(req.socket.remoteAddress ?? 'unix'),
    // Its checks look at `trust proxy` and X-Forwarded-For, which count for nothing here.
    validate: false,
    handler: (_req, _res, next) => {
      next(WAIT)
    },
  })
  return async (req, res) => {
    const answer = await new Promise<unknown>((resolve) => {
      void limiter(req, res, resolve)
    })
    return answer === WAIT ? WINDOW_MS / 1000 : 0
  }
}

const WAIT = 'wait'
