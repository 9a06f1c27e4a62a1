/**
 * Where the page lies beside this package: in `dist/web`, seen from `src` and from `dist` alike, and from the output
 * of a bundler that puts everything into a `dist` of its own with the page copied in.
 */
import { fileURLToPath } from "node:url"

export const webFolder = fileURLToPath(new URL("../dist/web/", import.meta.url))
