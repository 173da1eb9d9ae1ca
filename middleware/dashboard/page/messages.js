/**
 * Server-sent events as text/event-stream defines them, as far as our server writes them: one `event` and one
 * `data` line, comments as heartbeat.
 */

/**
 * Each message as it arrives; a comment alone comes without data.
 * @param {ReadableStream<Uint8Array>} body
 */
export async function* readMessages(body) {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const pieces = (text + decoder.decode(value, { stream: true })).split('\n\n')
    text = pieces.pop() ?? ''
    yield* pieces.map(parse)
  }
}

/** @param {string} piece */
function parse(piece) {
  const field = (/** @type {string} */ name) =>
    piece
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2) ?? ''
  return { type: field('event'), data: field('data') }
}
