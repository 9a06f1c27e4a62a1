import preset from "@t3/tooling-vitest"
import { defineConfig } from "vitest/config"

export default defineConfig({ ...preset, test: { ...preset.test, include: ["test/netns/**/*.test.ts"] } })
