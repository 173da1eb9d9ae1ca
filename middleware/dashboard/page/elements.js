/**
 * Makes elements. Everything that comes from outside ends as text: there is no way from here to markup.
 */

const SVG = 'http://www.w3.org/2000/svg'

/**
 * @typedef {Readonly<Record<string, string | number>>} Attributes
 * @typedef {Node | string} Child
 */

/**
 * @param {string} name
 * @param {Attributes} [attributes]
 * @param {readonly Child[]} [children]
 */
export function element(name, attributes = {}, children = []) {
  return filled(document.createElement(name), attributes, children)
}

/**
 * @param {string} name
 * @param {Attributes} [attributes]
 * @param {readonly Child[]} [children]
 */
export function drawing(name, attributes = {}, children = []) {
  return filled(document.createElementNS(SVG, name), attributes, children)
}

/** @template {Element} E @param {E} made @param {Attributes} attributes @param {readonly Child[]} children */
function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value))
  made.append(...children)
  return made
}

/** The element of the page with this id. @param {string} id */
export function part(id) {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no #${id}`)
  return found
}

/** @param {string} id */
export function choice(id) {
  return /** @type {HTMLSelectElement} */ (part(id))
}

/** A live region speaks of each change, so what did not change is left alone. @param {string} id @param {string} text */
export function say(id, text) {
  const place = part(id)
  if (place.textContent !== text) place.textContent = text
}

/**
 * Replaces what a part shows, where it differs: focus, selection and scrolling of a reader stay otherwise.
 * @param {string} id
 * @param {readonly Node[]} children
 */
export function show(id, children) {
  const place = part(id)
  const same =
    children.length === place.childNodes.length &&
    children.every((child, index) => child.isEqualNode(place.childNodes[index] ?? null))
  if (!same) place.replaceChildren(...children)
}

/** Longer than this a command stands on a line of its own, where one click selects it. */
const LONG_COMMAND = 40

/** Text in which `commands` stand between backticks. @param {string} text */
export function withCommands(text) {
  const pieces = text.split('`')
  const isLine = (/** @type {number} */ index) =>
    index % 2 === 1 && (pieces[index] ?? '').length > LONG_COMMAND
  return pieces.map((piece, index) => {
    if (index % 2 === 1) return element('code', isLine(index) ? { class: 'line' } : {}, [piece])
    return isLine(index - 1) ? piece.replace(/^[,.;]\s*/, '') : piece
  })
}
