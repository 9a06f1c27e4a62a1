import type { defineConfig } from "tsup"

export declare const library: ReturnType<typeof defineConfig>
