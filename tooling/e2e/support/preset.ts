/** The preset of the repository, for a suite that stands in its own folder. */
import preset from "@t3/tooling-vitest"
import { defineConfig } from "vitest/config"

/** Tests of `folder`, one file after the other: each of them starts machines of its own. */
export const suite = (folder: string) =>
  defineConfig({
    ...preset,
    test: { ...preset.test, fileParallelism: false, include: [`${folder}/**/*.test.ts`] }
  })
