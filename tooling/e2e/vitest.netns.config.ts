/** Tests on addresses of network namespaces that they make: Linux, root and iproute2. */
import shared from "@t3/tooling-vitest"

export default { ...shared, test: { ...shared.test, include: ["src/**/*.netns.ts"] } }
