import { shownName, type ServerState } from './server-state.js'

/** A user of a server that no step makes or changes. */
export interface ForeignUser {
  /** Its name, harmless to print. */
  readonly shown: string
  readonly isOn: boolean
  /** `nopass`: whoever names it is in. */
  readonly asksNothing: boolean
  /** `+@all` among its rules, in a selector too. */
  readonly mayEverything: boolean
}

const DEFAULT_USER = 'default'

/** Users that are not the migration's own; the default user is, for it is what authentication is about. */
export function foreignUsers(
  { users }: Pick<ServerState, 'users'>,
  own: readonly string[],
): readonly ForeignUser[] {
  return [...users].flatMap(([name, rules]) =>
    name === DEFAULT_USER || own.includes(name)
      ? []
      : [
          {
            shown: shownName(name),
            isOn: rules.includes('on'),
            asksNothing: rules.includes('nopass'),
            mayEverything: rules.some((rule) => /(?:^|[( ])\+@all(?:[) ]|$)/.test(rule)),
          },
        ],
  )
}
