import type { Validator } from './validator.js'
import { CONNECTION } from './connection-variables.js'
import { EXTRA } from './extra-role-variables.js'
import { SECURITY } from './security-variables.js'
import { SERVER } from './server-variables.js'
import { UNSAFE } from './unsafe-variables.js'
import { VALUES } from './values-variables.js'

/** Every setting of the project: the reader, .env.example and docs/configuration.md follow this one table. */
export const SETTINGS = { ...CONNECTION, ...VALUES, ...SERVER, ...EXTRA, ...SECURITY, ...UNSAFE } as const

export type VariableName = keyof typeof SETTINGS

type Row<N extends VariableName> = (typeof SETTINGS)[N]

export type ValueOf<N extends VariableName> =
  | (Row<N>['validator'] extends Validator<infer T> ? T : never)
  | (undefined extends Row<N>['default'] ? undefined : never)

/** What the validators made of the texts, defaults filled in. */
export type Values = { readonly [N in VariableName]: ValueOf<N> }

export const VARIABLE_NAMES = Object.keys(SETTINGS) as readonly VariableName[]

export function isVariableName(name: string): name is VariableName {
  return Object.hasOwn(SETTINGS, name)
}

/** Other accepted names of a variable. */
export function synonymsOf(name: VariableName): readonly string[] {
  const row = SETTINGS[name]
  return 'synonym' in row && row.synonym !== undefined ? [row.synonym] : []
}
