const LF = 0x0a

/** Cuts a stream of RESP requests (arrays of bulk strings) into single requests, each complete. */
export class RespRequests {
  #rest: Buffer = Buffer.alloc(0)

  /** The requests that are complete with this chunk. */
  push(chunk: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const requests: Buffer[] = []
    for (let end = endOfRequest(this.#rest); end !== undefined; end = endOfRequest(this.#rest)) {
      requests.push(this.#rest.subarray(0, end))
      this.#rest = this.#rest.subarray(end)
    }
    return requests
  }
}

function endOfRequest(bytes: Buffer): number | undefined {
  const head = line(bytes, 0)
  if (head === undefined) return undefined
  let at = head.end
  for (let part = 0; part < head.count; part += 1) {
    const size = line(bytes, at)
    if (size === undefined) return undefined
    at = size.end + size.count + 2
    if (at > bytes.length) return undefined
  }
  return at
}

/** The number in `*3\r\n` or `$5\r\n`, and where the line ends. */
function line(bytes: Buffer, from: number): { count: number; end: number } | undefined {
  const end = bytes.indexOf(LF, from)
  if (end === -1) return undefined
  return { count: Number(bytes.toString('latin1', from + 1, end - 1)), end: end + 1 }
}
