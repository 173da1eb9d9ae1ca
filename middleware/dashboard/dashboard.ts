import type { Access } from '../status-access.js'
import type { Answer } from '../status-send.js'
import { ASSETS } from './assets.js'

const HTML = 'text/html; charset=utf-8'

const TYPES = {
  'dashboard.css': 'text/css; charset=utf-8',
  'dashboard.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const

/** A part of the page by its name, or nothing. Anyone may have it: it holds no data. */
export function assetAnswer(name: string): Answer | undefined {
  return isAsset(name) ? { status: 200, type: TYPES[name], body: ASSETS[name] } : undefined
}

function isAsset(name: string): name is keyof typeof TYPES {
  return Object.hasOwn(TYPES, name)
}

/**
 * The page: an empty shell without data. It is told whether its reader is let in without a token, so that it
 * asks for one only where one helps.
 */
export function pageAnswer(access: Access): Answer {
  return {
    status: 200,
    type: HTML,
    body: ASSETS['page.html'].replace('{{access}}', access),
    headers: VARIES,
  }
}

/** A cache in between must not hand the page to who asked for JSON. */
export const VARIES = { Vary: 'Accept' } as const
