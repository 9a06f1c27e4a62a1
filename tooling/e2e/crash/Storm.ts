/** One round: a server is loaded with work and dies in the middle of it. */
import type { Dice } from "./Dice.ts"
import * as Load from "./Load.ts"
import type * as Model from "./Model.ts"
import type { Server } from "./Server.ts"

/** Kills at a random point: with an answer, before the one who asked has read it, or up to some milliseconds later. */
export const killUnderLoad = async (server: Server, model: Model.Model, dice: Dice): Promise<void> => {
  let left = dice.between(1, 120)
  const later = dice.happens(0.5) ? undefined : dice.between(0, 5)
  server.watch(() => {
    left -= 1
    if (left !== 0) return
    if (later === undefined) server.kill()
    else setTimeout(server.kill, later)
  })
  await Load.untilSilence({ api: server.api, dice, model })
  await server.ended
}
