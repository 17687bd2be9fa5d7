/** A labelled field with its hint and its complaint. */

import { make, setAttr, setText } from "../dom.js";

export class Field {
  #error;
  #fault;

  /** @param options label, hint; fault(text) → the complaint or "", asked for while somebody types */
  constructor(id, input, { label, hint = "", fault = () => "" }) {
    this.input = input;
    this.#fault = fault;
    this.#error = make("p", { class: "field-error", id: `${id}-error`, role: "alert" });
    input.id = id;
    input.setAttribute("aria-describedby", hint ? `${id}-error ${id}-hint` : `${id}-error`);
    this.node = make("div", { class: "field" }, make("label", { for: id }, label), input, this.#error);
    if (hint) this.node.append(make("p", { class: "hint", id: `${id}-hint` }, hint));
    // A complaint about an address that is half typed would be noise: it comes when the field is left, and goes at once.
    input.addEventListener("input", () => (this.faulty ? this.check() : undefined));
    input.addEventListener("change", () => this.check());
  }

  get value() {
    return this.input.value.trim();
  }

  get faulty() {
    return this.#error.textContent !== "";
  }

  /** Whether it can be used; says so if not. */
  check() {
    this.say(this.#fault(this.value));
    return !this.faulty;
  }

  /** Show a complaint; "" takes it away. */
  say(message) {
    setText(this.#error, message);
    setAttr(this.input, "aria-invalid", message ? "true" : null);
  }
}
