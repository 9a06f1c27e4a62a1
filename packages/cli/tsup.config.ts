export { library as default } from "@t3/tooling-tsup"
