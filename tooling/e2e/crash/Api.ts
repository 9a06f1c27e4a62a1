/** A running server as its clients reach it, who learn nothing when it dies before it has answered. */
import { Agent, request, type RequestOptions } from "node:http"

/** An answer that arrived whole. */
export interface Answer<Body = unknown> {
  readonly status: number
  readonly body: Body
  /** Of a refusal. */
  readonly tag: string | undefined
}

/** None: the server may have done it, or not. */
export type Reply<Body = unknown> = Promise<Answer<Body> | undefined>

/** What an exchange sends. */
export interface Exchange {
  readonly token: string
  readonly label: string
  readonly key: string | undefined
}

/** What an exchange gives. */
export interface Granted {
  readonly access_token: string
  readonly session_id: string
}

export interface Api {
  /** Over the private socket, with an owner's rights. */
  readonly control: <Body>(method: string, path: string, payload?: object) => Reply<Body>
  /** Over the network, as the device that holds this session token. */
  readonly device: <Body>(bearer: string, method: string, path: string, payload?: object) => Reply<Body>
  readonly exchange: (exchange: Exchange) => Reply<Granted>
}

const decode = <Body>(status: number, text: string): Answer<Body> => {
  const body = JSON.parse(text)
  return { body, status, tag: body._tag }
}

const send = <Body>(options: RequestOptions, content: string | undefined, onAnswer: () => void): Reply<Body> =>
  new Promise((resolve) => {
    const outgoing = request(options, (incoming) => {
      let text = ""
      incoming.setEncoding("utf8").on("data", (part: string) => text += part)
      incoming.on("end", () => {
        onAnswer()
        resolve(decode(incoming.statusCode ?? 0, text))
      })
      incoming.on("error", () => resolve(undefined))
    })
    outgoing.on("error", () => resolve(undefined))
    outgoing.end(content)
  })

const json = (payload: object | undefined) =>
  payload === undefined ? {} : { "content-type": "application/json", "content-length": JSON.stringify(payload).length }

/** `onAnswer` is told of each answer before the one who asked. */
export const connect = (address: string, socketPath: string, onAnswer: () => void): Api => {
  const agent = new Agent({ keepAlive: true })
  const { hostname, port } = new URL(address)
  const network = { agent, hostname, port }
  const content = (payload: object | undefined) => payload === undefined ? undefined : JSON.stringify(payload)
  return {
    control: (method, path, payload) =>
      send({ agent, headers: json(payload), method, path, socketPath }, content(payload), onAnswer),
    device: (bearer, method, path, payload) => {
      const headers = { authorization: `Bearer ${bearer}`, ...json(payload) }
      return send({ ...network, headers, method, path }, content(payload), onAnswer)
    },
    exchange: ({ key, label, token }) => {
      const form = new URLSearchParams({
        device_label: label,
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token: token,
        subject_token_type: "urn:t3:params:oauth:token-type:pairing-token"
      }).toString()
      const headers = {
        "content-length": form.length,
        "content-type": "application/x-www-form-urlencoded",
        ...(key === undefined ? {} : { "idempotency-key": key })
      }
      return send({ ...network, headers, method: "POST", path: "/oauth/token" }, form, onAnswer)
    }
  }
}
