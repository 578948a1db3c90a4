import { loadFailure } from '../../../src/base/native/load-failure.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('base/native/load-failure')
const OLD = { platform: 'linux-x64', glibc: '2.28' }
const ALPINE = { platform: 'linux-x64', glibc: undefined }
const RISC = { platform: 'linux-riscv64', glibc: '2.36' }
const FILE = '/opt/x/sodium-native.node'

/** What loaders really say, and what is made of it. */
const CASES: readonly [part: string, messages: readonly string[], host: typeof OLD | typeof ALPINE, words: string][] = [
  [
    'sodium-native',
    [
      "Cannot load addon 'file:///opt/x/sodium-native.node'",
      `/lib/x86_64-linux-gnu/libc.so.6: version \`GLIBC_2.33' not found (required by ${FILE})`,
    ],
    OLD,
    'sodium-native needs glibc 2.33, this host has glibc 2.28',
  ],
  [
    'koffi',
    ["libc.so.6: version `GLIBC_2.9' not found, libc.so.6: version `GLIBC_2.31' not found"],
    OLD,
    'koffi needs glibc 2.31, this host has glibc 2.28',
  ],
  [
    'koffi',
    ["/lib/libstdc++.so.6: version `GLIBCXX_3.4.29' not found (required by x)"],
    OLD,
    'koffi needs a newer libstdc++: version GLIBCXX_3.4.29 not found',
  ],
  [
    'sodium-native',
    [`Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by ${FILE})`],
    ALPINE,
    'sodium-native is made for glibc, this host has musl',
  ],
  [
    'sodium-native',
    [`Error relocating ${FILE}: fcntl64: symbol not found`],
    ALPINE,
    'sodium-native is made for glibc, this host has musl',
  ],
  [
    'udx-native',
    ["Cannot find addon '.' imported from 'file:///opt/udx-native/binding.js'"],
    ALPINE,
    'udx-native has no binary for linux-x64 with musl, or it was removed',
  ],
  [
    'koffi',
    ['libstdc++.so.6: cannot open shared object file: No such file or directory'],
    OLD,
    'koffi needs the library libstdc++.so.6, which is missing',
  ],
  [
    'koffi',
    ['Cannot find the native Koffi module; did you bundle it correctly?'],
    RISC,
    'koffi has no binary for linux-riscv64, or it was removed',
  ],
  ['koffi', ["Cannot find module 'koffi'\nRequire stack:\n- x.js"], OLD, 'koffi is not installed'],
  [
    'koffi',
    ["Cannot find module '@koromix/koffi-linux-x64'"],
    OLD,
    'koffi has no binary for linux-x64, or it was removed',
  ],
  ['koffi', ['something else', 'its cause'], OLD, 'koffi cannot be loaded: something else'],
  ['koffi', [], OLD, 'koffi cannot be loaded: it says nothing'],
]

for (const [part, messages, host, words] of CASES) {
  test(words, () => assert.is(loadFailure(part, messages, host), words))
}

test.run()
