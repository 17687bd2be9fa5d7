/** The dialog that asks for a key. */

import { el, make, setText } from "./dom.js";
import { t } from "./words.js";

export class SignIn {
  #error = make("p", { class: "field-error", id: "sign-in-error", role: "alert" });
  #field = make("input", { type: "password", id: "token", autocomplete: "off", required: true, "aria-describedby": "sign-in-error" });
  #dialog;

  /** @param onToken hears what was entered */
  constructor(onToken) {
    const submit = make("button", { type: "submit", class: "primary" }, t("signIn.submit"));
    const form = make("form", { on: { submit: (event) => {
      event.preventDefault();
      const token = this.#field.value.trim();
      this.#field.value = "";
      if (!token) return;
      this.#dialog.close();
      onToken(token);
    } } },
    make("h2", { id: "sign-in-title" }, t("signIn.title")), make("p", {}, t("signIn.why")),
    make("label", { for: "token" }, t("signIn.label")), this.#field, this.#error, el("div", "actions", submit));
    this.#dialog = make("dialog", { id: "sign-in", "aria-labelledby": "sign-in-title" }, form);
    document.body.append(this.#dialog);
  }

  ask(refused) {
    setText(this.#error, refused ? t("signIn.refused") : "");
    if (!this.#dialog.open) this.#dialog.showModal();
  }
}
