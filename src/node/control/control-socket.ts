/** Limits of the control API that server and client share. */
import type { Millis } from '../../base/time.js'

/** `sun_path` of a unix socket has 108 bytes on Linux, one of them the terminating zero (unix(7)). */
export const SOCKET_PATH_BYTES_MAX = 107

/** A service definition has some hundred bytes. */
export const REQUEST_BYTES_MAX = 64 * 1024

/** `DECLARED_MAX` services with all their fields at full length. */
export const IMPORT_BYTES_MAX = 4 * 1024 * 1024

/** 10,000 splices of about 600 bytes each, with room to spare. */
export const ANSWER_BYTES_MAX = 16 * 1024 * 1024

/** A node answers from memory; one that needs longer is stuck, and whoever asked should hear so. */
export const ANSWER_MS_MAX: Millis = 5_000

/** Changing the electorate takes a few leases, and as many again after each loss; what takes longer has no majority. */
export const DEPARTURE_MS_MAX: Millis = 10_000

/** The old director waits for a second at most, and the new one needs some milliseconds for a thousand connections. */
export const MOVE_MS_MAX: Millis = 5_000

/** A program may need an hour to start; whoever waits for it hears after so long that it is under way. */
export const RELOCATE_MS_MAX: Millis = 170_000
/** Of many, one after the other. */
export const BALANCE_MS_MAX: Millis = 900_000

/** A move takes some milliseconds for each service; a node that hears of it late needs its link first. */
export const DRAIN_MS_MAX: Millis = 10_000

/** Of a drill: until somebody else directs; a lease and an election take less, and one that goes wrong is to be told of. */
export const TAKEOVER_MS_MAX: Millis = 15_000

/** Of a drill: a client that has lost bytes is reset within a second and twice the dark time. */
export const SETTLE_MS_MAX: Millis = 6_000

/** All of it, and a node that stands still meanwhile. */
export const DRILL_MS_MAX: Millis = 75_000
/** A new process has to start on a busy host, and to find a moment when nothing is being recovered or moved. */
export const RELOAD_MS_MAX: Millis = 60_000

export const SPLICES_LIMIT_DEFAULT = 100
export const SPLICES_LIMIT_MAX = 10_000
