/** Names of variables, secrets and options whose value is a secret. */
const SECRET_NAME =
  /(?:password|passwd|passphrase|pass|secret|token|api_?key|private_?key|access_?key|encryption_?key|encryption_accepted_keys|credentials?)$/i

/** `ALLOW_EMPTY_PASSWORD` and its like are answered with yes or no. */
const SWITCH_NAME = /^(?:ALLOW|ENABLE|REQUIRE)_/i

/** Whether a variable's name says that its value is secret; `…_FILE` names a path instead. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !SWITCH_NAME.test(name)
}

/** A name from a file, fit to be printed: short, and without anything that a terminal obeys. */
export function printable(name: string): string {
  const clean = name.replaceAll(/[^\x20-\x7e\u00a0-\ud7ff\uf900-\ufffc]/g, '?')
  return clean.length > 64 ? `${clean.slice(0, 61)}...` : clean
}

/** Some names of many, for a message. */
export function listed(names: readonly string[], most = 6): string {
  const shown = names.slice(0, most).join(', ')
  return names.length > most ? `${shown} and ${names.length - most} more` : shown
}
