/** `kill -9` at random points while links are issued, redeemed and revoked: what was acknowledged is so, once, and stays so. */
import { join } from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
import * as Program from "../src/Program.ts"
import * as Check from "./Check.ts"
import * as Dice from "./Dice.ts"
import * as Model from "./Model.ts"
import * as Server from "./Server.ts"
import { killUnderLoad } from "./Storm.ts"

const rounds = Number(process.env["T3_TEST_ROUNDS"] ?? 25)

describe(`A server that is killed (T3_TEST_SEED=${Dice.seed})`, () => {
  it(`has lost, doubled and brought back nothing that it acknowledged, ${rounds} times (design 9.11)`, async () => {
    const folder = Program.temporaryFolder()
    onTestFinished(folder.remove)
    const baseDir = join(folder.path, "data")
    const dice = Dice.make(Dice.seed)
    const model = Model.make()
    let server = await Server.start(baseDir)
    for (let round = 0; round < rounds; round += 1) {
      await killUnderLoad(server, model, dice)
      // While it recovers, too.
      if (dice.happens(0.2)) await Server.startAndKill(baseDir, dice.between(50, 300))
      server = await Server.start(baseDir)
      await Check.afterCrash({ api: server.api, dice, model })
      assert.deepStrictEqual(model.faults, [], `round ${round}`)
    }
    await Check.atTheEnd({ api: server.api, dice, model })
    assert.deepStrictEqual(model.faults, [])
    assert.isAbove(model.sessions.size, rounds)
    await server.stop("SIGTERM")
  }, 60_000 + rounds * 5_000)
})
