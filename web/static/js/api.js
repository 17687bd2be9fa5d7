/** Calls to the service: one place for credentials, problem documents and what can go wrong on the way. */

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
    /** Message by name of the field at fault. */
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

  async streams() {
    const answer = await this.json("GET", "/v1/streams");
    return Array.isArray(answer) ? answer : (answer.streams ?? answer.data ?? []);
  }

  async openIncidents() {
    return (await this.json("GET", "/v1/incidents?state=open")).incidents ?? [];
  }

  addStream(url, name) {
    return this.json("POST", "/v1/streams", name ? { url, name } : { url });
  }

  endStream(id) {
    return this.json("DELETE", `/v1/streams/${encodeURIComponent(id)}`);
  }

  summary(id, detail = false) {
    return this.json("GET", `/v1/streams/${encodeURIComponent(id)}/summary${detail ? "?detail=1" : ""}`);
  }

  /** The latest sampled frame as a Blob, or null when there is none. */
  async preview(id) {
    const response = await this.request(`/v1/streams/${encodeURIComponent(id)}/preview.jpg`, { cache: "no-store" });
    return response.status === 200 ? response.blob() : null;
  }

  async json(method, path, body) {
    const options = { method };
    if (body !== undefined) {
      options.body = JSON.stringify(body);
      options.headers = { "Content-Type": "application/json" };
    }
    const response = await this.request(path, options);
    return response.status === 204 ? null : response.json();
  }

  /** A fetch with credentials. Raises `Problem` for every answer that is no success. */
  async request(path, options = {}) {
    const headers = new Headers(options.headers);
    if (this.#token) headers.set("Authorization", `Bearer ${this.#token}`);
    const token = this.#token;
    let response;
    try {
      response = await fetch(path, { signal: AbortSignal.timeout(TIMEOUT_MS), ...options, headers });
    } catch (error) {
      throw new Problem(0, error.name === "TimeoutError" ? "The service did not answer in time." : "The service cannot be reached.");
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
  for (const entry of Array.isArray(document.errors) ? document.errors : []) {
    const name = fieldName(entry);
    if (name && entry.message) fields[name] = fields[name] ? `${fields[name]} ${entry.message}` : entry.message;
  }
  const message = document.detail ?? document.title ?? `The service answered ${response.status} ${response.statusText}.`;
  return new Problem(response.status, message, { title: document.title, fields, code: document.code });
}

/** "url" from any of the ways in which a problem document points at a field. */
function fieldName(entry) {
  const where = entry.field ?? entry.pointer ?? entry.loc ?? entry.path ?? "";
  const parts = Array.isArray(where) ? where : String(where).split(/[/.#]/);
  return String(parts.filter(Boolean).at(-1) ?? "");
}
