export { default } from "@t3/tooling-vitest"
