/** `npm start -- ARGS`: installs and builds what is missing, then runs `t3 serve ARGS`. */
import { build, install, root, run } from "./workspace.mjs"

await install()
await build("t3")
const { code } = await run(process.execPath, [`${root}/apps/cli/dist/t3.js`, "serve", ...process.argv.slice(2)])
process.exit(code)
