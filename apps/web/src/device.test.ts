import { expect, it } from "vitest"
import { guess } from "./device.ts"

const cases = [
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1",
    5,
    { browser: "Safari", kind: "phone", label: "iPhone", os: "iOS" }
  ],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 CriOS/126.0 Mobile/15E148 Safari/604.1",
    5,
    { browser: "Chrome", kind: "phone", label: "iPhone", os: "iOS" }
  ],
  [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15",
    5,
    { browser: "Safari", kind: "tablet", label: "iPad", os: "iPadOS" }
  ],
  [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15",
    0,
    { browser: "Safari", kind: "browser", label: "Safari on macOS", os: "macOS" }
  ],
  [
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36",
    5,
    { browser: "Chrome", kind: "phone", label: "Android phone", os: "Android" }
  ],
  [
    "Mozilla/5.0 (Linux; Android 13; SM-X906C) AppleWebKit/537.36 SamsungBrowser/25.0 Chrome/121.0.0.0 Safari/537.36",
    5,
    { browser: "Samsung Internet", kind: "tablet", label: "Android tablet", os: "Android" }
  ],
  [
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    0,
    { browser: "Firefox", kind: "browser", label: "Firefox on Linux", os: "Linux" }
  ],
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
    10,
    { browser: "Edge", kind: "browser", label: "Edge on Windows", os: "Windows" }
  ],
  ["something nobody has seen", 0, { kind: "browser", label: "Browser" }]
] as const

for (const [userAgent, touchPoints, device] of cases) {
  it(`calls it ${device.label} (${userAgent.slice(0, 60)}…)`, () => {
    expect(guess(userAgent, touchPoints)).toEqual(device)
  })
}
