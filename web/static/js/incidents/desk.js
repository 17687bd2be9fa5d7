/** Where incidents are decided: the detail of one, verdicts that wait with their undo, the note, and what is said aloud. */

import { make } from "../dom.js";
import { toIncident } from "../routes.js";
import { t } from "../words.js";
import { Decisions } from "./decisions.js";
import { Detail } from "./detail.js";
import { askNote } from "./note.js";
import { Waiting } from "./waiting.js";
import { called, reviewOf } from "./words.js";

export class Desk {
  #context;
  #on;
  #incident = null;
  #spoken = make("div", { class: "visually-hidden", id: "said", "aria-live": "polite" });
  #waiting = new Waiting(() => this.undo());

  /** @param on onChange(); onDecided(incident); onUndone(incident); onNews(incident): as the service has it now */
  constructor(context, on) {
    this.#context = context;
    this.#on = on;
    this.detail = new Detail(context.api, { confirm: () => this.decide("confirmed"), dismiss: () => this.decide("dismissed"), note: () => this.note() });
    this.decisions = new Decisions(context.api, {
      onChange: () => {
        this.#waiting.show(this.decisions.waiting);
        on.onChange();
      },
      onSent: (incident) => on.onNews(incident),
      onTaken: (incident) => {
        on.onNews(incident);
        this.#problem(t("incidents.taken", { what: called(incident), review: reviewOf(incident.review) }), incident);
      },
      onFailed: ({ incident }, why) => this.#problem(t("incidents.failed", { what: called(incident), why }), incident),
    });
    this.nodes = [this.#waiting.node, this.#spoken];
    this.keys = [
      { key: "c", text: t("incidents.confirm"), run: (event) => event.repeat || this.decide("confirmed") },
      { key: "d", text: t("incidents.dismiss"), run: (event) => event.repeat || this.decide("dismissed") },
      { key: "n", text: t("incidents.note"), run: () => this.note() },
      { key: "u", text: t("incidents.undo"), run: (event) => event.repeat || this.undo() },
      { key: "v", text: t("incidents.keyHold"), run: (event) => event.repeat || this.detail.peak.hold() },
      { key: "h", text: t("incidents.keyHeat"), when: () => this.detail.peak.hasHeat, run: () => this.detail.peak.toggle("heat") },
      { key: "b", text: t("incidents.keyCover"), when: () => this.detail.peak.hasHeat, run: () => this.detail.peak.toggle("cover") },
    ];
  }

  get incident() {
    return this.#incident;
  }

  /** As it is once what waits is sent. */
  decided(incident) {
    const decision = this.decisions.of(incident.id);
    if (!decision) return incident;
    const { verdict, note } = decision;
    return { ...incident, review: { verdict, note, by: { key: null, name: "" }, at: incident.review?.at ?? "", waits: true } };
  }

  show(incident, options) {
    this.#incident = incident;
    this.detail.show(incident, options);
  }

  /** Nothing is shown. */
  clear() {
    this.#incident = null;
    this.detail.peak.release();
  }

  decide(verdict, note = null, incident = this.#incident) {
    if (!incident) return;
    this.detail.peak.release();
    this.decisions.add({ ...incident, review: this.#known(incident) }, verdict, note);
    this.say(t(`incidents.${verdict}Said`, { what: called(incident) }));
    this.#on.onDecided(incident);
  }

  note() {
    const incident = this.#incident;
    if (!incident) return;
    this.detail.peak.release();
    askNote(incident, (verdict, note) => this.decide(verdict, note, incident));
  }

  undo() {
    const decision = this.decisions.undo();
    if (!decision) return this.#revert();
    this.say(t("incidents.undone", { what: called(decision.incident) }));
    this.#on.onUndone(decision.incident);
  }

  async #revert() {
    const sent = await this.decisions.revert();
    if (!sent) return this.say(t("incidents.nothingSent"));
    const values = { what: called(sent.incident) };
    const text = sent.before ? t(`incidents.${sent.before.verdict}Again`, values) : t("incidents.sentStays", values);
    this.#context.notify(text, { href: toIncident(sent.incident.id) });
    if (sent.before) this.#on.onUndone(sent.incident);
  }

  say(text) {
    this.#spoken.replaceChildren(make("p", {}, text));
  }

  close() {
    this.decisions.close();
    this.#waiting.close();
    this.detail.close();
  }

  /** What the service was known to have when it was decided. */
  #known(incident) {
    return incident.review?.waits ? (this.decisions.of(incident.id)?.incident.review ?? null) : incident.review;
  }

  #problem(text, incident) {
    this.#context.notify(text, { kind: "problem", href: toIncident(incident.id) });
  }
}
