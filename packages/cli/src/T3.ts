/**
 * The `t3` command tree. Each command loads what it does only when it is run.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Flags from "./Flags.ts"
import { group, leaf, type Spec } from "./Spec.ts"

/** Loads `run` and calls it. */
const lazy =
  <Values, E, R>(load: () => Promise<{ readonly run: (values: Values) => Effect.Effect<void, E, R> }>) =>
  (values: Values): Effect.Effect<void, E, R> => Effect.flatMap(Effect.promise(load), (module) => module.run(values))

const serve = leaf({
  name: "serve",
  summary: "Run the server here, headless; print how to pair",
  config: Flags.server,
  examples: [
    ["t3 serve --host \"$(tailscale ip -4)\"", "Reach this machine over the tailnet"],
    ["t3 serve ~/code/app --port 4000", "Let paired devices work in that folder"],
    ["t3 serve --json", "For a program that starts it"]
  ],
  run: lazy(() => import("./serve/runServe.ts"))
})

const start = leaf({
  name: "start",
  summary: "Run the server here and open the browser, already paired",
  config: Flags.server,
  examples: [
    ["t3", "The same, in short"],
    ["t3 start ~/code/app", "With a folder to work in"]
  ],
  run: lazy(() => import("./start/runStart.ts"))
})

const connect = leaf({
  name: "connect",
  summary: "Pair this machine with another environment",
  config: {
    target: Flags.optionalArgument(
      "target",
      "Its pairing link, or its address; - reads the link from stdin; asks if left out"
    ),
    tokenFile: Flags.value("token-file", "file", "Read the pairing token, or the link, from this file; - is stdin"),
    label: Flags.value("label", "name", "What the other side calls this machine (default the host name)"),
    insecure: Flags.toggle("insecure", "Allow plain HTTP to an address that is neither loopback nor tailnet"),
    baseDir: Flags.baseDir,
    json: Flags.json
  },
  examples: [
    ["t3 connect", "Ask for the link"],
    ["t3 connect http://100.64.0.7:3773", "Ask for the token"],
    ["t3 connect - < link.txt", "For a script; no secret in the list of processes"],
    ["t3 connect box:3773 --token-file token.txt", "The same with a token"]
  ],
  run: lazy(() => import("./connect/runConnect.ts"))
})

const envName = Flags.argument("name", "The name that `t3 env list` prints")

const envList = leaf({
  name: "list",
  summary: "Show the environments that this machine is paired with",
  config: { baseDir: Flags.baseDir, json: Flags.json },
  examples: [["t3 env list", "Name, role and address of each"]],
  run: lazy(() => import("./env/runList.ts"))
})

const envStatus = leaf({
  name: "status",
  summary: "Ask an environment whether the session still works",
  config: { name: envName, baseDir: Flags.baseDir, json: Flags.json },
  examples: [["t3 env status box", "Exit code 0 if connected, 4 if signed out, 6 if out of reach"]],
  run: lazy(() => import("./env/runStatus.ts"))
})

const envRename = leaf({
  name: "rename",
  summary: "Give a saved environment another name",
  config: {
    name: envName,
    newName: Flags.argument("new-name", "Its new name, here only"),
    baseDir: Flags.baseDir,
    json: Flags.json
  },
  examples: [["t3 env rename my-workstation box", "Shorter to type"]],
  run: lazy(() => import("./env/runRename.ts"))
})

const envForget = leaf({
  name: "forget",
  summary: "Sign out of a saved environment and remove it here",
  config: { name: envName, baseDir: Flags.baseDir, json: Flags.json },
  examples: [["t3 env forget box", "Removed here even if it cannot be reached"]],
  run: lazy(() => import("./env/runForget.ts"))
})

const where = { baseDir: Flags.baseDir, env: Flags.env, json: Flags.json }

const pairingId = Flags.argument("id", "The id, or its unique beginning, that `t3 auth pairing list` prints")

const pairingCreate = leaf({
  name: "create",
  summary: "Make a pairing link",
  config: {
    role: Flags.role,
    scope: Flags.scope,
    ttl: Flags.value("ttl", "duration", "How long it can be used, such as 90s, 5m or 1h30m; at most 24h (default 5m)"),
    label: Flags.value("label", "text", "A note for lists, such as who it is for"),
    ...where
  },
  examples: [
    ["t3 auth pairing create --role viewer --ttl 1h", "A link to look but not touch"],
    ["t3 auth pairing create --label \"Ana's phone\" --json", "For a script"]
  ],
  run: lazy(() => import("./auth/runPairingCreate.ts"))
})

const pairingList = leaf({
  name: "list",
  summary: "Show open pairing links",
  config: { all: Flags.all, ...where },
  examples: [["t3 auth pairing list --all", "Also used, revoked and expired ones"]],
  run: lazy(() => import("./auth/runPairingList.ts"))
})

const pairingRevoke = leaf({
  name: "revoke",
  summary: "End an open pairing link",
  config: { id: pairingId, ...where },
  examples: [["t3 auth pairing revoke 4k2", "The beginning of an id is enough"]],
  run: lazy(() => import("./auth/runPairingRevoke.ts"))
})

const sessionId = Flags.argument("id", "The id, or its unique beginning, that `t3 auth session list` prints")

const sessionIssue = leaf({
  name: "issue",
  summary: "Make a session without a link, for a script",
  config: {
    role: Flags.role,
    scope: Flags.scope,
    ttl: Flags.value("ttl", "duration", "End it after this long however much it is used, such as 30d (default never)"),
    label: Flags.value("label", "name", "What lists call it"),
    printToken: Flags.toggle("print-token", "Print the token alone, also where stdout is no terminal"),
    ...where
  },
  examples: [
    ["T3_TOKEN=$(t3 auth session issue --label backup --print-token)", "For a script on this machine"],
    ["t3 auth session issue --role viewer --json > session.json", "With all that is known of it"]
  ],
  run: lazy(() => import("./auth/runSessionIssue.ts"))
})

const sessionList = leaf({
  name: "list",
  summary: "Show the devices that are signed in",
  config: { all: Flags.all, ...where },
  examples: [["t3 auth session list", "Who can reach this machine"]],
  run: lazy(() => import("./auth/runSessionList.ts"))
})

const sessionRevoke = leaf({
  name: "revoke",
  summary: "Sign a device out, now",
  config: { id: sessionId, ...where },
  examples: [["t3 auth session revoke 7q", "The beginning of an id is enough"]],
  run: lazy(() => import("./auth/runSessionRevoke.ts"))
})

const pairing = group("pairing", "Pairing links", [pairingCreate, pairingList, pairingRevoke], [])

const session = group("session", "Sessions of devices", [sessionIssue, sessionList, sessionRevoke], [])

const env = group("env", "Environments that this machine is paired with", [envList, envStatus, envRename, envForget], [
  ["t3 env status box", "Does the session still work?"]
])

const auth = group("auth", "Who may reach this machine", [{ spec: pairing }, { spec: session }], [
  ["t3 auth pairing create", "A link for another device"],
  ["t3 auth session list", "Who is signed in"]
])

/** The tree, for help and for reading argv. */
export const spec: Spec = {
  ...start.spec,
  children: [start, serve, connect, { spec: env }, { spec: auth }].map((child) => child.spec),
  examples: [
    ["t3", "Run the server and open the browser, already paired"],
    ["t3 serve --host \"$(tailscale ip -4)\"", "Let other devices in; print address, token, link and QR code"],
    ["t3 connect", "Paste a link that another machine printed"]
  ],
  name: "t3",
  summary: "Reach the machine your code lives on, from any device of yours"
}

/** The tree, for the parser. A call without a command is `start`. */
export const command = Command.make("t3", Flags.server).pipe(
  Command.withDescription(spec.summary),
  Command.withSubcommands([
    start.command,
    serve.command,
    connect.command,
    Command.make("env").pipe(
      Command.withDescription(env.summary),
      Command.withSubcommands([envList.command, envStatus.command, envRename.command, envForget.command])
    ),
    Command.make("auth").pipe(
      Command.withDescription(auth.summary),
      Command.withSubcommands([
        Command.make("pairing").pipe(
          Command.withDescription(pairing.summary),
          Command.withSubcommands([pairingCreate.command, pairingList.command, pairingRevoke.command])
        ),
        Command.make("session").pipe(
          Command.withDescription(session.summary),
          Command.withSubcommands([sessionIssue.command, sessionList.command, sessionRevoke.command])
        )
      ])
    )
  ])
)
