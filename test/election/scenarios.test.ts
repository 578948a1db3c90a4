/** Every scenario in `scenarios/`; `UPDATE=1` writes down what happens now, for a person to read before it is kept. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { assert, suite } from '../harness/suite.js'
import { formatScenario, Play, parseScenario } from './scenario.js'

const test = suite('election/scenarios')
const FOLDER = new URL('scenarios/', import.meta.url)

for (const name of readdirSync(FOLDER).sort()) {
  const file = new URL(name, FOLDER)
  const { title, steps } = parseScenario(readFileSync(file, 'utf8'))
  test(`${name.replace('.txt', '')}: ${title}`, () => {
    const play = new Play()
    const played = steps.map(({ command }) => ({ command, log: play.perform(command) }))
    if (process.env['UPDATE'] !== undefined) writeFileSync(file, formatScenario(title, played))
    else assert.fixture(formatScenario(title, played), formatScenario(title, steps))
  })
}

test.run()
