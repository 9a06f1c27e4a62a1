/**
 * How a pairing is shown to the person who will carry it to another device: address, token, link and QR code.
 *
 * @since 0.1.0
 */
import * as SecureAddress from "@t3/client/SecureAddress"
import type { ConnectionString } from "@t3/protocol/ConnectionString"
import type { IssuedPairing } from "@t3/protocol/Pairing"
import * as PairingLink from "@t3/protocol/PairingLink"
import * as PairingToken from "@t3/protocol/PairingToken"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { Output } from "./Output.ts"
import type { Qr } from "./qr/Qr.ts"
import * as Ttl from "./Ttl.ts"

/** What there is to show. */
export interface Announcement {
  /** Lines above, such as that the server is ready. */
  readonly title?: string
  /** Best first; empty while no server runs. */
  readonly addresses: ReadonlyArray<ConnectionString>
  readonly pairing?: IssuedPairing
}

const row = (name: string, value: string): string => `${name.padEnd(17)}  ${value}`

/** The pairing link, if there is an address for it. Reveals the secret. */
export const unsafeLink = ({ addresses: [connectionString], pairing }: Announcement): string | undefined =>
  connectionString === undefined || pairing === undefined
    ? undefined
    : PairingLink.unsafePrint({ connectionString, token: pairing.token })

/** The text. Reveals the secret, which it has to. `brief` leaves out what is said for reassurance only. */
export const lines = (announcement: Announcement, brief = false): ReadonlyArray<string> => {
  const { addresses: [best, ...others], pairing, title } = announcement
  const link = unsafeLink(announcement)
  const facts = pairing === undefined ? [] : [
    pairing.pairing.role,
    `expires in ${Ttl.format(pairing.expiresIn)}`,
    "works once",
    ...(brief ? [] : ["treat it like a password"])
  ]
  return [
    ...(title === undefined ? [] : [title]),
    ...(best === undefined ? [] : [row("Connection string", best)]),
    ...(pairing === undefined
      ? []
      : [row("Pairing token", `${PairingToken.unsafeFormat(pairing.token)}   ${facts.join(" · ")}`)]),
    ...(link === undefined ? [] : [row("Pairing link", link)]),
    ...others.map((address) => row("Also at", address))
  ]
}

/** The same for programs. Reveals the secret. */
export const toJson = (announcement: Announcement): Readonly<Record<string, unknown>> => {
  const { addresses: [connectionString], pairing } = announcement
  return {
    ...(connectionString === undefined ? {} : { connectionString }),
    ...(pairing === undefined ? {} : {
      pairingToken: PairingToken.unsafeFormat(pairing.token),
      pairingLink: unsafeLink(announcement),
      role: pairing.pairing.role,
      expiresAt: DateTime.formatIso(pairing.pairing.expiresAt),
      expiresIn: pairing.expiresIn
    })
  }
}

/** Rows that a terminal needs for the lines, long ones wrapped. */
const height = (text: ReadonlyArray<string>, columns: number): number =>
  text.reduce((rows, line) => rows + Math.max(1, Math.ceil(line.length / columns)), 0)

interface Size {
  readonly columns: number
  readonly rows: number
}

/** Fits if the row that the cursor ends on is left over too. */
const fits = (qr: Qr, text: ReadonlyArray<string>, { columns, rows }: Size): boolean =>
  qr.columns <= columns && height(text, columns) + qr.rows + 1 <= rows

/** Text and code, together on the screen where that can be done; else the code is what the screen ends with. */
const withQr = (announcement: Announcement, qr: Qr, size: Size): ReadonlyArray<string> => {
  const full = lines(announcement)
  const brief = lines(announcement, true)
  if (!fits(qr, [], size)) {
    return [...full, `No QR code: this terminal is too small for it (${qr.columns} columns, ${qr.rows + 1} rows).`]
  }
  return [...(fits(qr, brief, size) && !fits(qr, full, size) ? brief : full), qr.text]
}

/** Prints the text, then the QR code or why there is none. */
export const print = (announcement: Announcement): Effect.Effect<void, never, Output> =>
  Effect.gen(function*() {
    const output = yield* Output
    const link = unsafeLink(announcement)
    const [best] = announcement.addresses
    const show = (text: ReadonlyArray<string>) => output.print(text.join("\n"))
    if (link === undefined || best === undefined) return yield* show(lines(announcement))
    const none = (why: string) => show([...lines(announcement), `No QR code: ${why}.`])
    if (SecureAddress.isLoopback(best))
      return yield* none("this address works on this machine only; --host lets other devices in")
    if (!output.rich)
      return yield* none(output.terminal ? "colours are switched off" : "this is no terminal")
    const { draw } = yield* Effect.promise(() => import("./qr/Qr.ts"))
    yield* show(withQr(announcement, draw(link), yield* output.size))
  })
