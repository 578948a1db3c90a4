/** Entry of a lane's thread. */
import { runLane } from './thread.io.js'

runLane()
