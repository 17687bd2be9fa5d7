/** Calls to the service: one place for credentials, problem documents and what can go wrong on the way. */

import { t } from "./words.js";

const TOKEN_KEY = "gorewatch.token";
const SHORT_LIVED = "tok_";
const TIMEOUT_MS = 15_000;

/** The service said no, or could not be reached (`status` 0). `message` is a sentence for people. */
export class Problem extends Error {
  constructor(status, message, { title = "", fields = {}, code = "" } = {}) {
    super(message);
    this.name = "Problem";
    this.status = status;
    this.title = title;
    this.code = code;
    /** Message by name of the field at fault: its dotted path, such as `policy.fps`. */
    this.fields = fields;
  }
}

export class Api {
  #token = sessionStorage.getItem(TOKEN_KEY);

  /** Called when the service asks for a token or refuses the one it was given. */
  onUnauthorised = () => {};

  get token() {
    return this.#token;
  }

  set token(value) {
    this.#token = value || null;
    if (value) sessionStorage.setItem(TOKEN_KEY, value);
    else sessionStorage.removeItem(TOKEN_KEY);
  }

  /** What the event socket shows in its address, which others may log: not the secret, but a token for an hour. */
  async eventToken() {
    if (!this.#token || this.#token.startsWith(SHORT_LIVED)) return this.#token;
    return (await this.json("POST", "/v1/tokens", { scope: "events", expires_s: 3600 })).token;
  }

  get(path, options) {
    return this.json("GET", path, undefined, options);
  }

  /** Every answer that is no success raises `Problem`; of 204 the answer is null. `signal` gives up waiting. */
  async json(method, path, body, { signal } = {}) {
    const options = { method, signal };
    if (body !== undefined) {
      options.body = JSON.stringify(body);
      options.headers = { "Content-Type": "application/json" };
    }
    const response = await this.request(path, options);
    return response.status === 204 ? null : response.json();
  }

  /** A picture as a Blob, or null when there is none. */
  async picture(path, { signal } = {}) {
    try {
      const response = await this.request(path, { cache: "no-store", signal });
      return response.status === 200 ? await response.blob() : null;
    } catch (problem) {
      if (problem.status === 404) return null;
      throw problem;
    }
  }

  /** A fetch with credentials. Raises `Problem` for every answer that is no success; an aborted one raises as fetch does. */
  async request(path, { signal, ...options } = {}) {
    const headers = new Headers(options.headers);
    const token = this.#token;
    if (token) headers.set("Authorization", `Bearer ${token}`);
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    let response;
    try {
      response = await fetch(path, { ...options, headers, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Problem(0, t(error.name === "TimeoutError" ? "problem.timeout" : "problem.unreachable"));
    }
    if (response.ok) return response;
    // An answer to an older token must not throw out the one just entered.
    if (response.status === 401 && token === this.#token) this.onUnauthorised(Boolean(token));
    throw await problemOf(response);
  }
}

async function problemOf(response) {
  let document = {};
  try {
    document = (await response.json()) ?? {};
  } catch {
    // No problem document: the status has to do.
  }
  const fields = {};
  for (const { field, message } of Array.isArray(document.errors) ? document.errors : []) {
    if (field && message) fields[field] = fields[field] ? `${fields[field]} ${message}` : message;
  }
  const message = document.detail ?? document.title ?? t("problem.status", { status: String(response.status) });
  return new Problem(response.status, message, { title: document.title, fields, code: document.code });
}
