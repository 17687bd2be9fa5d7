/** Adding a stream by its address. What cannot be used is said at its field: at once where the page knows, else by the service. */

import { el, make, setText } from "../dom.js";
import { Field } from "../forms/field.js";
import { CHOICES, RANGES, nameFault, numberFault, policyOf, urlFault } from "../forms/rules.js";
import { toStream } from "../routes.js";
import { t } from "../words.js";

export function open(root, context, _params, query) {
  const form = new AddForm(context);
  root.append(el("h1", "", t("add.title")), el("p", "lead", t("add.lead")), form.node);
  form.fill(query);
  context.title(t("add.title"));
  form.fields.url.input.focus();
  return { close: () => form.close() };
}

class AddForm {
  #context;
  #gone = new AbortController();
  #submit = make("button", { type: "submit", class: "primary" }, t("add.submit"));
  #error = make("p", { class: "field-error", role: "alert" });
  /** By the name that the service gives them. */
  fields = {
    url: new Field("add-url", make("input", { type: "text", inputmode: "url", autocomplete: "off", autocapitalize: "off", spellcheck: "false", placeholder: "rtsp://camera.example/live" }),
      { label: t("add.url"), hint: t("add.urlHint"), fault: urlFault }),
    name: new Field("add-name", make("input", { type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: "64", placeholder: "lobby-camera" }),
      { label: t("add.name"), hint: t("add.nameHint"), fault: nameFault }),
  };
  #policy = {};
  #details;

  constructor(context) {
    this.#context = context;
    for (const key of Object.keys(RANGES)) this.#add(key, make("input", { type: "text", inputmode: "decimal", autocomplete: "off", placeholder: t("add.asConfigured") }), (text) => numberFault(key, text));
    for (const [key, values] of Object.entries(CHOICES)) this.#add(key, make("select", {}, make("option", { value: "" }, t("add.asConfigured")),
      ...values.map((value) => make("option", { value }, t(`add.${key}.${value}`)))));
    this.#details = make("details", { class: "card" }, make("summary", {}, t("add.policy")), el("p", "hint", t("add.policyHint")),
      el("div", "policy-fields", ...Object.values(this.#policy).map((field) => field.node)));
    this.node = make("form", { class: "form", id: "add", novalidate: true, on: { submit: (event) => {
      event.preventDefault();
      this.#send();
    } } }, this.fields.url.node, this.fields.name.node, this.#details, this.#error, el("div", "actions", this.#submit));
  }

  close() {
    this.#gone.abort();
  }

  /** `?policy=` brings one that was tried on another stream. */
  fill(query) {
    let policy;
    try {
      policy = JSON.parse(query.get("policy"));
    } catch {
      return;
    }
    for (const [key, value] of Object.entries(policy ?? {})) if (Object.hasOwn(this.#policy, key)) this.#policy[key].input.value = String(value);
    this.#details.open = policy !== null;
  }

  #add(key, input, fault) {
    const field = new Field(`policy-${key}`, input, { label: t(`add.key.${key}`), fault });
    this.#policy[key] = this.fields[`policy.${key}`] = field;
  }

  async #send() {
    setText(this.#error, "");
    const wrong = Object.values(this.fields).filter((field) => !field.check());
    if (wrong.length) return this.#show(wrong);
    const texts = Object.fromEntries(Object.entries(this.#policy).map(([key, field]) => [key, field.value]));
    const policy = policyOf(texts);
    const body = { url: this.fields.url.value };
    if (this.fields.name.value) body.name = this.fields.name.value;
    if (Object.keys(policy).length) body.policy = policy;
    this.#submit.disabled = true;
    try {
      const stream = await this.#context.api.json("POST", "/v1/streams", body, { signal: this.#gone.signal });
      this.#context.store.dispatch({ type: "stream", stream });
      this.#context.navigate(toStream(stream.id));
    } catch (problem) {
      if (!this.#gone.signal.aborted) this.#explain(problem);
    } finally {
      this.#submit.disabled = false;
    }
  }

  #explain(problem) {
    const named = Object.keys(this.fields).filter((name) => problem.fields?.[name]);
    for (const name of named) this.fields[name].say(sentence(name, problem.fields[name]));
    if (named.length) return this.#show(named.map((name) => this.fields[name]));
    // What the service says without naming a field: a name in use is about the name, other refusals are about the address.
    const name = problem.code === "name_taken" ? "name" : "url";
    if (problem.status >= 400 && problem.status < 500 && ![401, 429].includes(problem.status)) {
      this.fields[name].say(problem.message);
      this.#show([this.fields[name]]);
    } else setText(this.#error, problem.message);
  }

  /** Lead to the first of the fields that cannot be used. */
  #show([field]) {
    if (this.#details.contains(field.input)) this.#details.open = true;
    field.input.focus();
  }
}

/** The service names a field and says what is wrong with it ("must be …"): together a sentence. */
function sentence(name, message) {
  const subject = name === "url" ? t("add.thisUrl") : name === "name" ? t("add.thisName") : t("add.thisValue");
  return (/^[a-z]/.test(message) ? `${subject} ${message}` : message).replace(/[^.!?]$/, "$&.");
}
