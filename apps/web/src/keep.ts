/**
 * What the page remembers: an unanswered attempt for this tab, and the storage half of a session for this browser.
 *
 * @since 0.1.0
 */
import type { Attempt } from "./state.ts"

const scheme = location.protocol === "https:" ? "https" : "http"

/** The key of an environment's storage half; the cookie of its other half has the same name. */
const keyOf = (environmentId: string): string => `t3_${environmentId}_${scheme}`

const pendingKey = `t3_pairing:${location.pathname}`

/** A browser that blocks site data throws on any touch of its storage. */
const attempt = <A>(action: () => A): A | undefined => {
  try {
    return action()
  } catch {
    return undefined
  }
}

/** Whether a session could be kept at all. */
export const works = (): boolean =>
  navigator.cookieEnabled && attempt(() => {
      localStorage.setItem("t3_probe", "1")
      localStorage.removeItem("t3_probe")
      return true
    }) === true

/** For this tab, so that a reload goes on with the same token and key. */
export const remember = (pending: Attempt): void =>
  attempt(() => sessionStorage.setItem(pendingKey, `${pending.token} ${pending.key}`))

/** After the answer, whatever it was. */
export const forget = (): void => attempt(() => sessionStorage.removeItem(pendingKey))

/** The attempt that a reload interrupted. */
export const pending = (): Attempt | undefined => {
  const [token, key] = attempt(() => sessionStorage.getItem(pendingKey))?.split(" ") ?? []
  return token === undefined || key === undefined ? undefined : { key, token }
}

/** Keeps the storage half of a session. */
export const keep = (environmentId: string, storageHalf: string): void =>
  attempt(() => localStorage.setItem(keyOf(environmentId), storageHalf))

/** Forgets it. */
export const drop = (environmentId: string): void => attempt(() => localStorage.removeItem(keyOf(environmentId)))

/** The storage half for an environment. */
export const halfOf = (environmentId: string): string | undefined =>
  attempt(() => localStorage.getItem(keyOf(environmentId))) ?? undefined

const halves = (): ReadonlyArray<string> =>
  attempt(() =>
    Object.keys(localStorage).filter((key) => /^t3_[0-9a-z]{12}_/.test(key) && key.endsWith(`_${scheme}`))
  ) ?? []

/** Whether there is a storage half of any environment. */
export const hasHalf = (): boolean => halves().length > 0

/** The one storage half there is, while the environment's id is not known yet; none if there are several. */
export const onlyHalf = (): string | undefined => {
  const [key, ...others] = halves()
  return key === undefined || others.length > 0 ? undefined : attempt(() => localStorage.getItem(key)) ?? undefined
}
