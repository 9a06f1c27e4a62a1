import { suite } from "../support/preset.ts"

export default suite("crash")
