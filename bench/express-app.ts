/** An Express application with one cached read a request, in a process of its own. */
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import express from 'express'
import { sampleValue } from '../cli/benchmark/sample-value.js'
import type { Access } from './access.js'
import { variantNamed } from './variants.js'

const SIZE = 1024
const KEY = 'bench:express'

process.once('message', ({ variant, access }: { variant: string | undefined; access: Access }) => {
  void serve(variant, access).then((port) => process.send?.({ port }))
})

async function serve(variant: string | undefined, access: Access): Promise<number> {
  const client = variant === undefined ? undefined : await (await variantNamed(variant)).open(access)
  const value = sampleValue(SIZE, 1)
  await client?.set(KEY, value)
  const app = express()
  app.get('/', async (_req, res) => {
    res.json(client === undefined ? value : await client.get(KEY))
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.once('disconnect', () => process.exit())
  return (server.address() as AddressInfo).port
}
