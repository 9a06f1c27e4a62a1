/**
 * Flags that several commands share, each defined once.
 *
 * @since 0.1.0
 */
import { optionalArgument, toggle, value, values } from "./Spec.ts"

/** `--json`. */
export const json = toggle("json", "Print JSON instead of text")

/** `--base-dir`. */
export const baseDir = value("base-dir", "folder", "The data directory (or T3_HOME; default ~/.t3)")

/** `--env`. */
export const env = value("env", "name", "Act on this saved environment instead of this machine (see `t3 env list`)")

/** `--role`. */
export const role = value(
  "role",
  "role",
  "viewer looks, member also works with projects, owner also decides who gets in (default member)"
)

/** `--scope`. */
export const scope = values("scope", "scope", "Only this right of the role, such as project:read (repeatable)")

/** `--all`. */
export const all = toggle("all", "Also those that have ended (kept for 30 days)")

/** `--yes`. */
export const yes = toggle("yes", "Do not ask before more than one session ends")

/** The flags of `serve`, `start` and bare `t3`. */
export const server = {
  cwd: optionalArgument("cwd", "A folder that paired devices may work in; it becomes a project"),
  host: values(
    "host",
    "address",
    "Bind this address or name of this machine, and nothing else (repeatable; or T3_HOST; default loopback)"
  ),
  port: value("port", "port", "0 to 65535; 0 picks a free one (or T3_PORT; default 3773)"),
  advertiseHost: values(
    "advertise-host",
    "host",
    "Print this host in place of what is bound (repeatable; or T3_ADVERTISE_HOST)"
  ),
  label: value("label", "name", "Name this environment; kept (or T3_LABEL; default the host name)"),
  baseDir,
  noToken: toggle("no-token", "Make and print no pairing token: the connection string alone"),
  json: toggle("json", "Print one JSON object per line, each with `event`; the first is `ready`")
}
