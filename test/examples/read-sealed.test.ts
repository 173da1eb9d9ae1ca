import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { Envelope } from '../../lib/crypto/envelope.js'
import { KeyRing } from '../../lib/crypto/key-ring.js'
import { Secret } from '../../lib/settings/secret.js'
import { findPython, WHY_SKIPPED } from '../support/python.js'

/** From dist/test/examples to the sources. */
const READER = fileURLToPath(new URL('../../../examples/read_sealed.py', import.meta.url))
const VECTORS = fileURLToPath(new URL('../../../test/vectors/', import.meta.url))
const KEY = Buffer.alloc(32, 1).toString('base64url')

/** Runs the reader over the frozen values; prints one line for each that it does not open or refuse as it should. */
const CHECK_VECTORS = `
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("read_sealed", sys.argv[1])
reader = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reader)
has_brotli = importlib.util.find_spec("brotli") is not None
for name in ("sealed-v1.json", "refused-v1.json"):
    count = 0
    for value in json.load(open(sys.argv[2] + name))["values"]:
        if "brotli" in (value["name"] + value.get("compression", "")) and not has_brotli:
            continue
        place = (value["prefix"], value["namespace"], value["keyName"])
        key = reader.read_key(value.get("keyText", value["key"]), value.get("passphrase", ""))
        now = value.get("now", value.get("issuedAt"))
        limit = value.get("maxPayloadBytes", reader.MAX_PAYLOAD)
        try:
            outcome = reader.open_sealed(bytes.fromhex(value["sealed"]), key, place, now, limit)[0].hex()
        except reader.Refused as reason:
            outcome = str(reason)
        if outcome != value.get("reason", value.get("payload")):
            print(f"{value['name']}: {outcome}")
        count += 1
    print(f"{name}: {count} checked")
`

const python = findPython() ?? ''

describe(`the Python reader of sealed values${python === '' ? WHY_SKIPPED : ''}`, function () {
  this.timeout(60_000)

  beforeEach(function () {
    if (python === '') this.skip()
  })

  /** The reader as a command, with the key in its environment. */
  function run(input: Buffer, ...args: string[]) {
    const env = { PATH: process.env['PATH'], REDIS_ENCRYPTION_KEY: KEY }
    return spawnSync(python, [READER, ...args], { input, env, timeout: 20_000 })
  }

  it('opens every frozen value, and refuses every refused one for the same reason @once', () => {
    const output = execFileSync(python, ['-c', CHECK_VECTORS, READER, VECTORS], { encoding: 'utf8' })
    expect(output).to.match(/^sealed-v1\.json: 1[78] checked\nrefused-v1\.json: \d\d checked\n$/)
  })

  it('opens, as a command, what was sealed just now', () => {
    const keyRing = KeyRing.create({ enabled: true, key: new Secret(KEY), acceptedKeys: [] })
    const namespace = new Envelope({ keyRing }).namespace('ai_cache:', 'users')
    const sealed = namespace.seal('42', Buffer.from('{"name":"Grüße"}'), {
      codec: 'json',
      lifetimeSeconds: 600,
      compression: 'deflate-raw',
      padded: true,
      metadata: { loadCostMs: 5 },
    })
    const { status, stdout } = run(sealed, '--namespace', 'users', '--key', '42')
    expect({ status, text: stdout.toString() }).to.deep.equal({ status: 0, text: '{"name":"Grüße"}' })
  })

  it('ends with 1 and the reason, and prints nothing, where it refuses @once', () => {
    const { status, stdout, stderr } = run(Buffer.from('{"name":"plain"}'), '--key', '42')
    expect({ status, text: stdout.toString() }).to.deep.equal({ status: 1, text: '' })
    expect(stderr.toString()).to.equal('error: refused: format\n')
  })
})
