/** The Noise stream, loaded when it is settled which libsodium this host has: it asks for it as soon as it is loaded. */
import { createRequire } from 'node:module'
import type SecretStream from '@hyperswarm/secret-stream'
import '../base/native/sodium.io.js'

export const NoiseSecretStream: typeof SecretStream = createRequire(import.meta.url)('@hyperswarm/secret-stream')
