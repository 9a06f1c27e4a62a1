/** How every package runs its tests: from source, on real files and sockets. */
import { defineConfig } from "vitest/config"

export default defineConfig({
  ssr: { resolve: { conditions: ["@t3/source", "node", "import", "default"] } },
  test: {
    include: ["src/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000
  }
})
