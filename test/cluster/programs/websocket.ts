import { fileURLToPath } from 'node:url'
import { assert } from '../../harness/suite.js'
import { Conversation } from './conversation.js'
import type { Program } from './program.js'

const PORT = 8_081
const MAIN = [process.execPath, '--import', 'tsx', fileURLToPath(new URL('./websocket-main.ts', import.meta.url))]
const ANSWERS_MORE = 100

/** Messages both ways without pause. The program numbers its connections, and its answers on each. */
export const webSocket: Program = {
  name: 'WebSocket',
  needs: [],
  port: PORT,
  serve: (on) => void on.start('websocket', [...MAIN, 'serve', String(PORT)]),
  open: async (scope, { client, address }) => {
    const talk = Conversation.start(scope, client, ...MAIN, 'talk', address, String(PORT))
    const [, connection] = await talk.hears(/^connection (\d+), answer 9 to message 9$/m)
    return {
      prove: async () => {
        const goal = talk.said.split('\n').length + ANSWERS_MORE
        await talk.hears(new RegExp(`answer ${goal} `))
        const lines = talk.said.trim().split('\n')
        assert.equal(
          lines,
          lines.map((_, i) => `connection ${connection}, answer ${i} to message ${i}`),
        )
      },
    }
  },
}
