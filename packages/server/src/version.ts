/** The version of this package, as devices are told it. */
import packageJson from "../package.json" with { type: "json" }

export const version: string = packageJson.version
