import preset from "@t3/tooling-vitest"
import { mergeConfig } from "vitest/config"

export default mergeConfig(preset, { test: { globalSetup: "test/buildProgram.ts" } })
