/**
 * The `t3` command tree. Each command loads what it does only when it is run.
 *
 * @since 0.1.0
 */
import * as Flags from "./Flags.ts"
import { argument, group, leaf, optionalArgument, repeatedArgument, type Spec, toggle, value } from "./Spec.ts"

const serve = leaf({
  name: "serve",
  summary: "Run the server here, headless; print how to pair",
  params: Flags.server,
  examples: [
    ["t3 serve --host \"$(tailscale ip -4)\"", "Reach this machine over the tailnet"],
    ["t3 serve ~/code/app --port 4000", "Let paired devices work in that folder"],
    ["t3 serve --json", "For a program that starts it"]
  ],
  load: () => import("./serve/runServe.ts")
})

const start = leaf({
  name: "start",
  summary: "Run the server here and open the browser, already paired",
  params: Flags.server,
  examples: [
    ["t3", "The same, in short"],
    ["t3 start ~/code/app", "With a folder to work in"]
  ],
  load: () => import("./start/runStart.ts")
})

const connect = leaf({
  name: "connect",
  summary: "Pair this machine with another environment",
  params: {
    target: optionalArgument(
      "target",
      "Its pairing link, or its address; - reads the link from stdin; asks if left out"
    ),
    tokenFile: value("token-file", "file", "Read the pairing token, or the link, from this file; - is stdin"),
    label: value("label", "name", "What the other side calls this machine (default the host name)"),
    insecure: toggle("insecure", "Allow plain HTTP to an address that is neither loopback nor tailnet"),
    baseDir: Flags.baseDir,
    json: Flags.json
  },
  examples: [
    ["t3 connect", "Ask for the link"],
    ["t3 connect http://100.64.0.7:3773", "Ask for the token"],
    ["t3 connect - < link.txt", "For a script; no secret in the list of processes"],
    ["t3 connect box:3773 --token-file token.txt", "The same with a token"]
  ],
  load: () => import("./connect/runConnect.ts")
})

const envName = argument("name", "The name that `t3 env list` prints")

const envList = leaf({
  name: "list",
  summary: "Show the environments that this machine is paired with",
  params: { baseDir: Flags.baseDir, json: Flags.json },
  examples: [["t3 env list", "Name, role and address of each"]],
  load: () => import("./env/runList.ts")
})

const envStatus = leaf({
  name: "status",
  summary: "Ask an environment whether the session still works",
  params: { name: envName, baseDir: Flags.baseDir, json: Flags.json },
  examples: [["t3 env status box", "Exit code 0 if connected, 4 if signed out, 6 if out of reach"]],
  load: () => import("./env/runStatus.ts")
})

const envRename = leaf({
  name: "rename",
  summary: "Give a saved environment another name",
  params: {
    name: envName,
    newName: argument("new-name", "Its new name, here only"),
    baseDir: Flags.baseDir,
    json: Flags.json
  },
  examples: [["t3 env rename my-workstation box", "Shorter to type"]],
  load: () => import("./env/runRename.ts")
})

const envForget = leaf({
  name: "forget",
  summary: "Sign out of a saved environment and remove it here",
  params: { name: envName, baseDir: Flags.baseDir, json: Flags.json },
  examples: [["t3 env forget box", "Removed here even if it cannot be reached"]],
  load: () => import("./env/runForget.ts")
})

const where = { baseDir: Flags.baseDir, env: Flags.env, json: Flags.json }

const pairingId = argument("id", "The id, or its unique beginning, that `t3 auth pairing list` prints")

const newLink = {
  role: Flags.role,
  scope: Flags.scope,
  ttl: value("ttl", "duration", "How long it can be used, such as 90s, 5m or 1h30m; at most 24h (default 5m)"),
  label: value("label", "text", "A note for lists, such as who it is for"),
  ...where
}

const pair = leaf({
  name: "pair",
  summary: "Make a pairing link for the server that runs here",
  params: newLink,
  examples: [
    ["t3 pair", "A link for another device of yours, or of somebody who works with you"],
    ["t3 pair --role owner --ttl 1h", "With every right, and time to carry it over"]
  ],
  load: () => import("./auth/runPair.ts")
})

const pairingCreate = leaf({
  name: "create",
  summary: "Make a pairing link",
  params: newLink,
  examples: [
    ["t3 auth pairing create --role viewer --ttl 1h", "A link to look but not touch"],
    ["t3 auth pairing create --label \"Ana's phone\" --json", "For a script"]
  ],
  load: () => import("./auth/runPairingCreate.ts")
})

const pairingList = leaf({
  name: "list",
  summary: "Show open pairing links",
  params: { all: Flags.all, ...where },
  examples: [["t3 auth pairing list --all", "Also used, revoked and expired ones"]],
  load: () => import("./auth/runPairingList.ts")
})

const pairingRevoke = leaf({
  name: "revoke",
  summary: "End an open pairing link",
  params: { id: pairingId, ...where },
  examples: [["t3 auth pairing revoke 4k2", "The beginning of an id is enough"]],
  load: () => import("./auth/runPairingRevoke.ts")
})

const sessionIssue = leaf({
  name: "issue",
  summary: "Make a session without a link, for a script",
  params: {
    role: Flags.role,
    scope: Flags.scope,
    ttl: value("ttl", "duration", "End it after this long however much it is used, such as 30d (default never)"),
    label: value("label", "name", "What lists call it"),
    printToken: toggle("print-token", "Print the token alone, also where stdout is no terminal"),
    ...where
  },
  examples: [
    ["T3_TOKEN=$(t3 auth session issue --label backup --print-token)", "For a script on this machine"],
    ["t3 auth session issue --role viewer --json > session.json", "With all that is known of it"]
  ],
  load: () => import("./auth/runSessionIssue.ts")
})

const sessionList = leaf({
  name: "list",
  summary: "Show the devices that are signed in",
  params: { all: Flags.all, ...where },
  examples: [["t3 auth session list", "Who can reach this machine"]],
  load: () => import("./auth/runSessionList.ts")
})

const sessionRevoke = leaf({
  name: "revoke",
  summary: "Sign devices out, now",
  params: {
    ids: repeatedArgument("id", "The ids, or their unique beginnings, that `t3 auth session list` prints"),
    all: toggle("all", "Every session; with --env one's own too"),
    withIssued: toggle("with-issued", "Also every session that came from these: paired from their links, or issued"),
    yes: Flags.yes,
    ...where
  },
  examples: [
    ["t3 auth session revoke 7q", "The beginning of an id is enough"],
    ["t3 auth session revoke 7q 4gn --yes", "Several, without a question"],
    ["t3 auth session revoke 7q --with-issued", "With every device that was let in by it"]
  ],
  load: () => import("./auth/runSessionRevoke.ts")
})

const sessionRevokeOthers = leaf({
  name: "revoke-others",
  summary: "Sign every device out but this one",
  params: { yes: Flags.yes, ...where },
  examples: [["t3 auth session revoke-others --env box", "Only the session that this machine has there stays"]],
  load: () => import("./auth/runSessionRevokeOthers.ts")
})

const log = leaf({
  name: "log",
  summary: "Show who came in, who was refused, and who decided so",
  params: {
    follow: toggle("follow", "Go on with what happens, until Ctrl-C"),
    since: value("since", "duration", "Only what happened within this time, such as 1h or 7d"),
    limit: value("limit", "number", "At most this many, the newest (default 50, or all with --since)"),
    ...where,
    json: toggle("json", "Print JSON instead of text; with --follow one object per line")
  },
  examples: [
    ["t3 auth log", "The last 50 decisions, the newest at the bottom"],
    ["t3 auth log --follow", "Watch while a device pairs"],
    ["t3 auth log --since 7d --json", "A week, for a program"]
  ],
  load: () => import("./auth/runLog.ts")
})

const pairing = group({
  name: "pairing",
  summary: "Pairing links",
  examples: [["t3 auth pairing create", "A link for another device"]],
  children: [pairingCreate, pairingList, pairingRevoke]
})

const session = group({
  name: "session",
  summary: "Sessions of devices",
  examples: [["t3 auth session list", "Who is signed in"]],
  children: [sessionIssue, sessionList, sessionRevoke, sessionRevokeOthers]
})

const env = group({
  name: "env",
  summary: "Environments that this machine is paired with",
  examples: [["t3 env status box", "Does the session still work?"]],
  children: [envList, envStatus, envRename, envForget]
})

const auth = group({
  name: "auth",
  summary: "Who may reach this machine",
  examples: [...pairing.examples, ...session.examples, ["t3 auth log", "What happened"]],
  children: [pairing, session, log]
})

/** The whole tree. A call without a command is `start`, so it has the flags of that. */
export const root: Spec = {
  name: "t3",
  summary: "Reach the machine your code lives on, from any device of yours",
  params: start.params,
  examples: [
    ["t3", "Run the server and open the browser, already paired"],
    ["t3 serve --host \"$(tailscale ip -4)\"", "Let other devices in; print address, token, link and QR code"],
    ["t3 connect", "Paste a link that another machine printed"]
  ],
  children: [start, serve, pair, connect, env, auth]
}

/** What a call without a command means. */
export const bare = start.name

/** The commands that do something, for the parser. */
export const leaves = {
  start,
  serve,
  pair,
  connect,
  env: { list: envList, status: envStatus, rename: envRename, forget: envForget },
  pairing: { create: pairingCreate, list: pairingList, revoke: pairingRevoke },
  session: { issue: sessionIssue, list: sessionList, revoke: sessionRevoke, revokeOthers: sessionRevokeOthers },
  log
}

/** The nouns that hold them, for the parser. */
export const groups = { auth, env, pairing, session }
