/** How every package runs its tests: from source, on real files and sockets; the report is what `npm test` counts. */
import { defineConfig } from "vitest/config"

const task = process.env["npm_lifecycle_event"] ?? "test"

export default defineConfig({
  ssr: { resolve: { conditions: ["@t3/source", "node", "import", "default"] } },
  test: {
    include: ["src/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ["default", ["json", { outputFile: `.reports/${task.replace(":", "-")}.json` }]]
  }
})
