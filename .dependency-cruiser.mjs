/** Who may import whom (design: an arrow points down only). Tests may reach further, so they are left out. */
const parts = {
  "packages/protocol": [],
  "packages/auth-core": ["packages/protocol"],
  "packages/client": ["packages/protocol"],
  "packages/server": ["packages/auth-core", "packages/protocol"],
  "packages/cli": ["packages/auth-core", "packages/client", "packages/protocol", "packages/server"],
  "apps/web": ["packages/client", "packages/protocol"],
  "apps/cli": ["packages"]
}

const arrows = Object.entries(parts).map(([part, allowed]) => ({
  name: `imports-of-${part.replace("/", "-")}`,
  comment: `${part} may import ${allowed.length === 0 ? "nothing of ours" : allowed.join(", ")}.`,
  severity: "error",
  from: { path: `^${part}/src/` },
  to: { path: "^(packages|apps|tooling)/", pathNot: [part, ...allowed].map((path) => `^${path}/`) }
}))

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...arrows,
    {
      name: "no-cycle",
      comment: "A module that reaches itself cannot be read, or loaded, in any order.",
      severity: "error",
      from: {},
      to: { circular: true }
    },
    {
      name: "no-unresolved",
      comment: "An import that resolves to nothing escapes the other rules.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true }
    },
    {
      name: "no-foreign-internals",
      comment: "What another package keeps under internal/ is not its interface.",
      severity: "error",
      from: { path: "^(packages|apps)/([^/]+)/" },
      to: { path: "^packages/[^/]+/src/internal/", pathNot: "^$1/$2/" }
    }
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: ["\\.test\\.ts$", "/dist/", "/testing/"] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ["@t3/source", "node", "import", "default", "types"],
      exportsFields: ["exports"]
    }
  }
}
