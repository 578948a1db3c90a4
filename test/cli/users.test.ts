import { readUsers } from '../../src/cli/users.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('cli/users')
const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/false\nbroken\n'

test('users go by name or number, each once', () => {
  assert.equal(readUsers('www-data, 1000,33', PASSWD), { type: 'users', users: [33, 1_000] })
  assert.equal(readUsers('0', ''), { type: 'users', users: [0] })
})

test('one that is not there is named', () => {
  for (const text of ['nobody-here', 'www-data,,root', '', 'broken', '-1', '1e3']) {
    assert.is(readUsers(text, PASSWD).type, 'problem', text)
  }
})

test.run()
