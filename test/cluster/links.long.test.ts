import { suite } from '../harness/suite.js'
import { killLinksUnderLoad } from './link-kills.js'

const test = suite('cluster/links', 120_000)

test(
  'a hundred kills of all data links under load: no byte is lost or doubled, by hash at both ends',
  (scope) => killLinksUnderLoad(scope, 100),
  { needs: ['ss'] },
)

test.run()
