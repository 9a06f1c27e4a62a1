import { library } from "@t3/tooling-tsup"
import { cpSync } from "node:fs"
import { defineConfig } from "tsup"

export default defineConfig({
  ...library,
  // The page reaches the server as files.
  onSuccess: async () => cpSync("../../apps/web/dist", "dist/web", { recursive: true })
})
