/** The form that adds a stream by its address; the service's objections appear at the field they are about. */

import { byId, setAttr, setText } from "./dom.js";

const FIELDS = ["url", "name"];
const SUBJECTS = { url: "This address", name: "This name" };

/** The service names a field and says what is wrong with it ("must be …"): together a sentence. */
const sentence = (field, message) => (/^[a-z]/.test(message) ? `${SUBJECTS[field]} ${message}` : message).replace(/[^.!?]$/, "$&.");

export class AddForm {
  #api;
  #onAdded;

  constructor(api, onAdded) {
    this.#api = api;
    this.#onAdded = onAdded;
    byId("add").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    for (const field of FIELDS) byId(`add-${field}`).addEventListener("input", () => this.#error(field, ""));
  }

  async #submit() {
    const url = byId("add-url").value.trim();
    this.#clear();
    if (!url) return this.#refuse("url", "Enter the address of a stream or a video.");
    byId("add-submit").disabled = true;
    try {
      const stream = await this.#api.addStream(url, byId("add-name").value.trim());
      byId("add").reset();
      this.#onAdded(stream);
    } catch (problem) {
      this.#explain(problem);
    } finally {
      byId("add-submit").disabled = false;
    }
  }

  #explain(problem) {
    const named = FIELDS.filter((field) => problem.fields?.[field]);
    for (const field of named) this.#refuse(field, sentence(field, problem.fields[field]));
    if (named.length) return;
    // An address that was refused without naming the field is still about the address.
    if (problem.status >= 400 && problem.status < 500 && problem.status !== 401) this.#refuse("url", problem.message);
    else setText(byId("add-error"), problem.message);
  }

  #refuse(field, message) {
    this.#error(field, message);
    byId(`add-${field}`).focus();
  }

  #clear() {
    for (const field of FIELDS) this.#error(field, "");
    setText(byId("add-error"), "");
  }

  #error(field, message) {
    setText(byId(`add-${field}-error`), message);
    setAttr(byId(`add-${field}`), "aria-invalid", message ? "true" : null);
  }
}
