/** Power cuts at random points while links are issued, redeemed and revoked: what was acknowledged is on the disk. */
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
import * as Program from "../src/Program.ts"
import * as Check from "./Check.ts"
import * as Dice from "./Dice.ts"
import * as Model from "./Model.ts"
import * as PowerCut from "./PowerCut.ts"
import * as Server from "./Server.ts"
import { killUnderLoad } from "./Storm.ts"

const rounds = Number(process.env["T3_TEST_ROUNDS"] ?? 12)

const temporaryFolder = (): string => {
  const { path, remove } = Program.temporaryFolder()
  onTestFinished(remove)
  return path
}

const begin = () => ({
  dice: Dice.make(Dice.seed),
  disk: PowerCut.prepare(temporaryFolder()),
  model: Model.make()
})

type Bench = ReturnType<typeof begin>

/** Starts a server and cuts the power at one of the points before and after its syncs; whether it was ready by then. */
const cutAtStart = async ({ dice, disk }: Bench, point: number): Promise<boolean> => {
  const ready = await Server.isReadyBeforeItDies(disk.folder, { env: disk.env(point) })
  disk.lose(dice.happens(0.5) ? "nothing" : "anything", dice)
  return ready
}

/** Loads a server until the power is cut, and looks at what another one finds on the disk. */
const cutUnderLoad = async ({ dice, disk, model }: Bench, unsynced: PowerCut.Unsynced, program = Program.file) => {
  // A transaction has one sync, a start some: most cuts come just before or after one, the others anywhere.
  const point = dice.happens(0.75) ? dice.between(60, 180) : undefined
  await killUnderLoad(await Server.start(disk.folder, { env: disk.env(point), program }), model, dice)
  disk.lose(unsynced, dice)
  const server = await Server.start(disk.folder, { program })
  await Check.afterCrash({ api: server.api, dice, model })
  return server
}

/** The program as it was built, with `synchronous` lowered; its own check that it is not is lowered with it. */
const buildWithLess = (): string => {
  const folder = temporaryFolder()
  const built = dirname(Program.file)
  cpSync(built, join(folder, "dist"), { recursive: true })
  symlinkSync(join(built, "..", "node_modules"), join(folder, "node_modules"))
  let replaced = 0
  for (const name of readdirSync(join(folder, "dist")).filter((name) => name.endsWith(".js"))) {
    const path = join(folder, "dist", name)
    const code = readFileSync(path, "utf8")
    const less = code
      .replaceAll("PRAGMA synchronous = FULL", () => (replaced += 1, "PRAGMA synchronous = NORMAL"))
      .replaceAll(/\bsynchronous\s*!==\s*[\w$]+/g, () => (replaced += 1, "synchronous!==1"))
    if (less !== code) writeFileSync(path, less)
  }
  assert.strictEqual(replaced, 2, "the pragma and its check")
  return join(folder, "dist", "t3.js")
}

describe(`A server whose power is cut (T3_TEST_SEED=${Dice.seed})`, () => {
  it(`has lost, doubled and brought back nothing that it acknowledged, ${rounds} times`, async () => {
    const bench = begin()
    const { dice, disk, model } = bench
    for (let round = 0; round < rounds; round += 1) {
      // While it recovers, too.
      if (dice.happens(0.2)) await cutAtStart(bench, dice.between(1, 12))
      const server = await cutUnderLoad(bench, dice.happens(0.5) ? "nothing" : "anything")
      assert.deepStrictEqual(model.faults, [], `round ${round}`)
      await server.stop(dice.happens(0.5) ? "SIGTERM" : "SIGKILL")
    }
    const server = await Server.start(disk.folder)
    await Check.atTheEnd({ api: server.api, dice, model })
    assert.deepStrictEqual(model.faults, [])
  }, 60_000 + rounds * 10_000)

  it("would lose acknowledged work if `synchronous` were NORMAL: this suite can fail", async () => {
    const bench = begin()
    const program = buildWithLess()
    for (let round = 0; round < 5 && bench.model.faults.length === 0; round += 1) {
      await (await cutUnderLoad(bench, "nothing", program)).stop("SIGKILL")
    }
    assert.match(bench.model.faults.join("\n"), /is lost$/m)
  })
})
