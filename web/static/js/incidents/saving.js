/** Saves all that is filtered as a file, asked for page by page. */

import { button, el, make, setText } from "../dom.js";
import { download } from "../download.js";
import { t } from "../words.js";
import { asCsv, asJson } from "./export.js";
import { pathOf } from "./filters.js";

const PAGE = 1000;
const KINDS = { csv: ["text/csv;charset=utf-8", asCsv], json: ["application/json", asJson] };

export class Saving {
  #api;
  #filters;
  #gone = new AbortController();
  #status = make("span", { class: "hint", role: "status" });
  #buttons;

  /** @param filters() what is filtered now */
  constructor(api, filters) {
    this.#api = api;
    this.#filters = filters;
    this.#buttons = Object.keys(KINDS).map((kind) => button(t(`incidents.save.${kind}`), () => this.#save(kind), "quiet"));
    this.node = el("div", "queue-saving", this.#status, ...this.#buttons);
  }

  close() {
    this.#gone.abort();
  }

  async #save(kind) {
    for (const one of this.#buttons) one.disabled = true;
    try {
      const incidents = await this.#all();
      const [type, text] = KINDS[kind];
      download(new Blob([text(incidents)], { type }), `incidents-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}Z.${kind}`);
      setText(this.#status, t("incidents.saved", { n: incidents.length }));
    } catch (problem) {
      if (problem.name !== "AbortError") setText(this.#status, t("incidents.notSaved", { why: problem.message }));
    }
    for (const one of this.#buttons) one.disabled = false;
  }

  async #all() {
    const filters = this.#filters();
    const all = [];
    let cursor;
    do {
      const answer = await this.#api.get(pathOf(filters, { cursor, limit: PAGE }), { signal: this.#gone.signal });
      all.push(...answer.incidents);
      cursor = answer.next;
      if (cursor) setText(this.#status, t("incidents.saving", { n: all.length }));
    } while (cursor);
    return all;
  }
}
