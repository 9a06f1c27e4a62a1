/**
 * Guesses what this device is from what its browser says of itself, so that nobody has to type a name to pair.
 *
 * @since 0.1.0
 */
import type { DeviceFields } from "@t3/protocol/Device"

type Rules = ReadonlyArray<readonly [pattern: RegExp, name: string]>

/** First match wins: most browsers also claim to be Chrome or Safari. */
const browsers: Rules = [
  [/\bEdg(?:e|A|iOS)?\//, "Edge"],
  [/\b(?:OPR|OPT|Opera)\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:Headless)?Chrom(?:e|ium)\/|\bCriOS\//, "Chrome"],
  [/\bSafari\//, "Safari"]
]

const systems: Rules = [
  [/\biPhone\b|\biPod\b/, "iOS"],
  [/\biPad\b/, "iPadOS"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMacintosh\b/, "macOS"],
  [/\bLinux\b|\bX11\b/, "Linux"]
]

const match = (rules: Rules, userAgent: string): string | undefined =>
  rules.find(([pattern]) => pattern.test(userAgent))?.[1]

const handheld = (userAgent: string, os: string | undefined): Pick<DeviceFields, "kind" | "label"> | undefined => {
  if (os === "iOS") return { kind: "phone", label: "iPhone" }
  if (os === "iPadOS") return { kind: "tablet", label: "iPad" }
  if (os !== "Android") return undefined
  return /\bMobile\b/.test(userAgent)
    ? { kind: "phone", label: "Android phone" }
    : { kind: "tablet", label: "Android tablet" }
}

/** A name a person will recognise in a list, with what it was guessed from. It can be renamed later. */
export const guess = (userAgent: string, touchPoints: number): DeviceFields => {
  const claimed = match(systems, userAgent)
  // An iPad calls itself a Macintosh; no Macintosh has a touch screen.
  const os = claimed === "macOS" && touchPoints > 1 ? "iPadOS" : claimed
  const browser = match(browsers, userAgent)
  return {
    kind: "browser",
    label: os === undefined ? browser ?? "Browser" : `${browser ?? "Browser"} on ${os}`,
    ...handheld(userAgent, os),
    ...(os === undefined ? {} : { os }),
    ...(browser === undefined ? {} : { browser })
  }
}
