/** Argv in any order that people type it. */
import { assert, describe, it } from "@effect/vitest"
import * as Argv from "./Argv.ts"
import { title } from "./Spec.ts"
import * as T3 from "./T3.ts"

const read = (...argv: ReadonlyArray<string>) =>
  Argv.read(T3.root, argv, { bare: T3.bare, exists: (path) => path === "serv" })

const args = (...argv: ReadonlyArray<string>) => {
  const request = read(...argv)
  return request._tag === "Run" ? request.args : assert.fail(JSON.stringify(request))
}

const refusal = (...argv: ReadonlyArray<string>) => {
  const request = read(...argv)
  return request._tag === "Refused" ? `${request.message} ${request.hint}` : assert.fail(JSON.stringify(request))
}

const help = (...argv: ReadonlyArray<string>) => {
  const request = read(...argv)
  return request._tag === "Help" ? title(request.path) : assert.fail(JSON.stringify(request))
}

describe("Argv", () => {
  it("takes flags before, between and after the words of a command", () => {
    const expected = ["auth", "session", "revoke", "--base-dir", "d", "--json", "--", "7q"]
    assert.deepStrictEqual(args("auth", "session", "revoke", "7q", "--base-dir", "d", "--json"), expected)
    assert.deepStrictEqual(args("--base-dir=d", "auth", "session", "--json", "revoke", "7q"), expected)
    assert.deepStrictEqual(args("auth", "--base-dir", "d", "session", "revoke", "--json", "--", "7q"), expected)
  })

  it("takes a call without a command for start", () => {
    assert.deepStrictEqual(args(), ["start", "--"])
    assert.deepStrictEqual(args("~/code", "--port", "0"), ["start", "--port", "0", "--", "~/code"])
  })

  it("takes no value of a flag and no argument for a command", () => {
    assert.deepStrictEqual(args("--label", "auth", "serve"), ["serve", "--label", "auth", "--"])
    assert.deepStrictEqual(args("env", "status", "list"), ["env", "status", "--", "list"])
    assert.deepStrictEqual(args("serve", "serve"), ["serve", "--", "serve"])
    assert.deepStrictEqual(args("serve", "--json", "true"), ["serve", "--json", "--", "true"])
  })

  it("takes - for an argument, wherever it stands", () => {
    assert.deepStrictEqual(args("connect", "-", "--label", "me"), ["connect", "--label", "me", "--", "-"])
  })

  it("refuses an empty host in every spelling, so that a failed command does not fall back to a default", () => {
    for (const blank of [["--host", ""], ["--host="], ["--host", "  "], ["--host=\t"]]) {
      assert.include(refusal("serve", ...blank), "--host is empty.")
    }
  })

  it("refuses a flag whose value was forgotten", () => {
    assert.include(refusal("serve", "--port"), "--port needs a value")
    assert.include(refusal("serve", "--label", "--json"), "--label needs a value")
  })

  it("refuses a flag that may be there once and is there twice", () => {
    assert.include(refusal("serve", "--port", "1", "--port=2"), "--port is there more than once.")
    assert.deepStrictEqual(args("serve", "--host", "::1", "--host", "127.0.0.1").length, 6)
  })

  it("asks what was meant by a mistyped flag or command", () => {
    assert.include(refusal("serve", "--prot", "1"), "Did you mean --port?")
    assert.include(refusal("auth", "sesion", "list"), "Did you mean `t3 auth session`?")
    assert.include(refusal("conect"), "Did you mean `t3 connect`?")
    assert.include(refusal("./frobnicate", "--wizard"), "t3 start has no flag --wizard.")
    assert.include(refusal("-x"), "t3 start has no flag -x.")
    assert.include(refusal("--completions", "tcsh"), "\"tcsh\" is no shell")
    assert.notInclude(refusal("serve", "a", "\u001b[2Jb"), "\u001b")
  })

  it("takes a folder for a folder even if its name is nearly a command", () => {
    assert.deepStrictEqual(args("serv"), ["start", "--", "serv"])
  })

  it("takes a word that is neither command nor folder for neither", () => {
    assert.strictEqual(
      refusal("demo"),
      "t3 has no command \"demo\", and there is no folder of that name. See `t3 --help`."
    )
    assert.include(refusal("work", "--json"), "t3 has no command \"work\", and there is no folder of that name.")
    for (const path of ["./pair", "/pair", "~/demo", "~", ".", "..", "a/b"]) {
      assert.deepStrictEqual(args(path), ["start", "--", path])
    }
    assert.deepStrictEqual(args("serve", "demo"), ["serve", "--", "demo"])
  })

  it("takes help for --help", () => {
    assert.strictEqual(help("help"), "t3")
    assert.strictEqual(help("help", "auth", "session"), "t3 auth session")
    assert.strictEqual(help("help", "serve", "--port", "1"), "t3 serve")
    assert.include(refusal("help", "auth", "sesion"), "Did you mean `t3 auth session`?")
    assert.strictEqual(help("auth", "--help"), "t3 auth")
  })

  it("refuses arguments that are missing or too many", () => {
    assert.include(refusal("env", "status"), "t3 env status needs <name>.")
    assert.include(refusal("env", "rename", "a"), "t3 env rename needs <new-name>.")
    assert.include(refusal("env", "rename", "my", "old", "box"), "has no use for \"box\"")
  })

  it("takes as many ids as there are, also none, and no flag among them for one", () => {
    const revoke = ["auth", "session", "revoke"]
    assert.deepStrictEqual(args(...revoke, "7q", "4gn", "7q"), [...revoke, "--", "7q", "4gn", "7q"])
    assert.deepStrictEqual(args(...revoke, "7q", "--yes", "4gn"), [...revoke, "--yes", "--", "7q", "4gn"])
    assert.deepStrictEqual(args(...revoke, "--all"), [...revoke, "--all", "--"])
    assert.deepStrictEqual(args(...revoke), [...revoke, "--"])
    assert.include(refusal(...revoke, "7q", "--al"), "Did you mean --all?")
  })

  it("shows help for what is asked about, and for a group that is asked nothing", () => {
    assert.strictEqual(help("--help"), "t3")
    assert.strictEqual(help("auth", "session", "issue", "-h"), "t3 auth session issue")
    assert.strictEqual(help("--help", "serve", "--port", "x"), "t3 serve")
    assert.strictEqual(help("auth", "pairing"), "t3 auth pairing")
  })
})
