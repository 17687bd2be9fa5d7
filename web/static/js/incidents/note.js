/** The dialog for a verdict with a note. The page's single keys do not reach it (keys.js). */

import { button, el, make } from "../dom.js";
import { t } from "../words.js";
import { called } from "./words.js";

const LONGEST = 2000;

/** @param onVerdict(verdict, note) when one of the two was given */
export function askNote(incident, onVerdict) {
  const text = make("textarea", { id: "note", rows: "5", maxlength: LONGEST, autofocus: true });
  text.value = incident.review?.note ?? "";
  const give = (verdict) => {
    dialog.close();
    onVerdict(verdict, text.value.trim() || null);
  };
  const dialog = make("dialog", { "aria-labelledby": "note-title" },
    make("h2", { id: "note-title" }, t("incidents.noteTitle")), el("p", "hint", called(incident)),
    make("label", { for: "note" }, t("incidents.noteLabel")), text,
    el("div", "actions", button(t("incidents.cancel"), () => dialog.close()),
      button(t("incidents.dismissWith"), () => give("dismissed")), button(t("incidents.confirmWith"), () => give("confirmed"), "danger")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
