/** The first start, which makes the data directory, cut off before and after each of its syncs: the next one goes on from there. */
import { assert, describe, it, onTestFinished } from "vitest"
import * as Program from "../src/Program.ts"
import * as Dice from "./Dice.ts"
import * as PowerCut from "./PowerCut.ts"
import * as Server from "./Server.ts"

/** All of them would take a minute. */
const step = Number(process.env["T3_TEST_ROUNDS"] ?? 0) < 1000 ? 6 : 1

/** Cuts off one first start after another, each of them later, until one is ready before it is cut off. */
const cutAll = async (leave: (disk: PowerCut.Disk, dice: Dice.Dice) => void): Promise<void> => {
  const dice = Dice.make(Dice.seed)
  let point = 0
  for (let ready = false; !ready;) {
    point += dice.between(1, step)
    const { path, remove } = Program.temporaryFolder()
    onTestFinished(remove)
    const disk = PowerCut.prepare(path)
    ready = await Server.isReadyBeforeItDies(disk.folder, { env: disk.env(point) })
    leave(disk, dice)
    await (await Server.start(disk.folder)).stop("SIGKILL")
  }
  assert.isAbove(point, 10)
}

describe(`A first start (T3_TEST_SEED=${Dice.seed})`, () => {
  it("that is killed is no obstacle to the next", () => cutAll(() => undefined), 120_000)

  it(
    "that a power cut ends is no obstacle to the next",
    () => cutAll((disk, dice) => disk.lose(dice.happens(0.5) ? "nothing" : "anything", dice)),
    120_000
  )
})
