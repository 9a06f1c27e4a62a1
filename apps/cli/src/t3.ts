#!/usr/bin/env node
/**
 * The `t3` program.
 *
 * @since 0.1.0
 */
import * as module from "node:module"
import packageJson from "../package.json" with { type: "json" }

// Node 22.8 and newer keep compiled code from one start to the next.
if ("enableCompileCache" in module && typeof module.enableCompileCache === "function") module.enableCompileCache()

const { start } = await import("@t3/cli/Entry")

await start({ argv: process.argv.slice(2), version: packageJson.version })
