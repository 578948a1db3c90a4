import { suite } from '../harness/suite.js'
import { killLinksUnderLoad } from './link-kills.js'

const test = suite('cluster/links', 60_000)

test(
  'ten kills of all data links under load: no byte is lost or doubled, by hash at both ends',
  (scope) => killLinksUnderLoad(scope, 10),
  { needs: ['ss'] },
)

test.run()
