/** A disk that loses power under a server: syncShadow.c keeps what is durable, and this makes a folder of it again. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Dice } from "./Dice.ts"

/** What the disk has written besides what was synced: nothing, or any of it, sector by sector. */
export type Unsynced = "nothing" | "anything"

/** A folder on such a disk. */
export interface Disk {
  readonly folder: string
  /** For the process that writes there, from its start on; it dies at the `cut`-th of its points before and after a sync. */
  readonly env: (cut?: number) => NodeJS.ProcessEnv
  /** Once that process is dead, the folder becomes what a cut at that moment leaves. */
  readonly lose: (unsynced: Unsynced, dice: Dice) => void
}

/** What a disk writes whole or not at all. */
const sector = 512

const source = fileURLToPath(new URL("syncShadow.c", import.meta.url))

/** Needs a C compiler, and Linux. */
const compile = (into: string): string => {
  const library = join(into, "syncShadow.so")
  execFileSync("cc", ["-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC", "-o", library, source], {
    stdio: "inherit"
  })
  return library
}

interface File {
  readonly inode: string
  readonly name: string
}

const listing = (shadow: string): ReadonlyArray<File> => {
  const path = join(shadow, "listing")
  const lines = fs.existsSync(path) ? fs.readFileSync(path, "utf8").split("\n").filter((line) => line !== "") : []
  return lines.map((line) => {
    const [inode = "", name = ""] = line.split(" ")
    return { inode, name }
  })
}

const filesIn = (folder: string): ReadonlyArray<File> =>
  fs.readdirSync(folder).map((name) => ({ name, stats: fs.lstatSync(join(folder, name)) }))
    .filter(({ name, stats }) => stats.isFile() && !name.endsWith("-shm"))
    .map(({ name, stats }) => ({ inode: String(stats.ino), name }))

/** Each sector is of one or the other, and so is the length. */
const mix = (synced: Buffer, written: Buffer, dice: Dice): Buffer => {
  const mixed = Buffer.alloc(dice.happens(0.5) ? synced.length : written.length)
  for (let at = 0; at < mixed.length; at += sector) {
    const chosen = dice.happens(0.5) ? synced : written
    mixed.set(chosen.subarray(at, Math.min(at + sector, mixed.length)), at)
  }
  return mixed
}

const lose = (folder: string, shadow: string, unsynced: Unsynced, dice: Dice): void => {
  if (!fs.existsSync(folder)) return
  const files = filesIn(folder)
  const written = new Map(files.map(({ inode, name }) => [inode, fs.readFileSync(join(folder, name))]))
  const names = unsynced === "anything" && dice.happens(0.5) ? files : listing(shadow)
  const durable = names.map(({ inode, name }) => {
    const kept = join(shadow, inode)
    const synced = fs.existsSync(kept) ? fs.readFileSync(kept) : Buffer.alloc(0)
    return { bytes: unsynced === "nothing" ? synced : mix(synced, written.get(inode) ?? synced, dice), name }
  })
  fs.rmSync(folder, { recursive: true })
  fs.mkdirSync(folder, { mode: 0o700 })
  for (const { bytes, name } of durable) fs.writeFileSync(join(folder, name), bytes, { mode: 0o600 })
  fs.rmSync(shadow, { recursive: true })
}

/** A folder in `parent`, which is empty and is made by whoever writes there. */
export const prepare = (parent: string): Disk => {
  const library = compile(parent)
  const folder = join(fs.realpathSync(parent), "data")
  const shadow = join(parent, "shadow")
  return {
    env: (cut) => {
      fs.mkdirSync(shadow)
      const variables = { LD_PRELOAD: library, T3_SHADOW: shadow, T3_SHADOW_OF: folder }
      return cut === undefined ? variables : { ...variables, T3_SHADOW_CUT: String(cut) }
    },
    folder,
    lose: (unsynced, dice) => lose(folder, shadow, unsynced, dice)
  }
}
