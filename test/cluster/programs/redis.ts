import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { until } from '../../../src/lab/wait.io.js'
import { assert } from '../../harness/suite.js'
import { Conversation } from './conversation.js'
import type { Program } from './program.js'

const PORT = 6_380
const PUBLISH_EVERY_MS = 5
const MESSAGES_MORE = 50
const MORE_MS_MAX = 10_000

/** It hears numbered messages. The server has a number for each connection. */
export const redisSubscriber: Program = {
  name: 'Redis subscriber',
  needs: ['redis-server', 'redis-cli'],
  port: PORT,
  serve: (on, folder) => {
    const home = path.join(folder, 'redis')
    mkdirSync(home)
    const where = ['--port', String(PORT), '--bind', '*', '--dir', home]
    on.start('redis', ['redis-server', ...where, '--protected-mode', 'no', '--save', '', '--appendonly', 'no'])
  },
  open: async (scope, { client, server, address }, number) => {
    const channel = `channel-${number}`
    const cli = Conversation.start(scope, client, 'redis-cli', '-h', address, '-p', String(PORT))
    cli.say('CLIENT ID\n')
    const [id] = await cli.hears(/^\d+$/m)
    cli.say(`SUBSCRIBE ${channel}\n`)
    await cli.hears(/subscribe\n\S+\n1/)
    const publisher = Conversation.start(scope, server, 'redis-cli', '-p', String(PORT))
    let published = 0
    const timer = setInterval(() => publisher.say(`PUBLISH ${channel} message-${published++}\n`), PUBLISH_EVERY_MS)
    scope.defer(() => clearInterval(timer))
    const heard = () => [...cli.said.matchAll(/^message-(\d+)$/gm)].map((match) => Number(match[1]))
    const subscribers = async () => {
      const list = await server.run('redis-cli', '-p', String(PORT), 'CLIENT', 'LIST', 'TYPE', 'pubsub')
      return [...list.matchAll(/^id=(\d+) /gm)].map((match) => match[1])
    }
    await until(() => (heard().length > 5 ? true : undefined), MORE_MS_MAX, 'the subscriber hears')
    return {
      prove: async () => {
        const goal = published + MESSAGES_MORE
        await until(
          () => (heard().length >= goal ? true : undefined),
          MORE_MS_MAX,
          () => `${goal} messages, ${heard().length} heard; ${cli.end ?? ''}`,
        )
        const numbers = heard()
        assert.equal(
          numbers,
          numbers.map((_, i) => i),
          'each once and in order',
        )
        assert.ok((await subscribers()).includes(id), 'the same connection')
      },
    }
  },
}
