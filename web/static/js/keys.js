/** Keys without a modifier: those of every page, those of the page that is open, and the list of them behind `?`. */

import { button, el, make } from "./dom.js";
import { prefs } from "./prefs.js";
import { t } from "./words.js";

/** After `g`, for so long the next key names a page. */
const CHORD_MS = 1500;
const PAGES = { w: ["keys.wall", "#/"], i: ["keys.incidents", "#/incidents"], a: ["keys.add", "#/add"], p: ["keys.publish", "#/publish"] };
const NAMES = { " ": "Space", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };

export class Keys {
  #navigate;
  #page = [];
  #chordUntil = 0;
  #dialog = null;

  constructor(navigate) {
    this.#navigate = navigate;
    addEventListener("keydown", (event) => this.#press(event));
  }

  /**
   * The keys of the page that is open; the next page's take their place.
   * @param bindings list of { key, text, run(event), when() }, `key` as in KeyboardEvent.key and `text` for people; `when`, if
   *   it is there, says whether the key does anything now
   */
  set(bindings) {
    this.#page = bindings;
  }

  help() {
    if (this.#dialog?.isConnected) return;
    const rows = (entries) => make("dl", { class: "keys" }, ...entries.map(([keys, text]) => el("div", "", el("dt", "", ...keys), el("dd", "", text))));
    const everywhere = [[[key("?")], t("keys.help")], ...Object.entries(PAGES).map(([letter, [text]]) =>
      [[key("g"), ` ${t("keys.then")} `, key(letter)], t(text)])];
    const here = this.#page.filter(offered).map((binding) => [[key(NAMES[binding.key] ?? binding.key)], binding.text]);
    const parts = [make("h2", { id: "keys-title" }, t("keys.title"))];
    if (!prefs.get("shortcuts")) parts.push(el("p", "hint", t("keys.off")));
    if (here.length) parts.push(el("h3", "", t("keys.here")), rows(here));
    parts.push(el("h3", "", t("keys.everywhere")), rows(everywhere));
    this.#dialog = showDialog("keys-title", ...parts);
  }

  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || busy(event)) return;
    if (event.key === "?" && prefs.get("shortcuts")) return this.help();
    if (!prefs.get("shortcuts")) return;
    if (event.key === "g") {
      this.#chordUntil = event.timeStamp + CHORD_MS;
      return;
    }
    if (event.timeStamp < this.#chordUntil) {
      this.#chordUntil = 0;
      const page = Object.hasOwn(PAGES, event.key) ? PAGES[event.key] : null;
      if (page) this.#navigate(page[1]);
      return;
    }
    const binding = this.#page.find((one) => one.key === event.key && offered(one));
    if (!binding) return;
    event.preventDefault();
    binding.run(event);
  }
}

/** A dialog with a button that closes it; gone from the document once it is closed. */
export function showDialog(titleId, ...children) {
  const dialog = make("dialog", { "aria-labelledby": titleId }, ...children);
  dialog.append(el("div", "actions", button(t("shell.close"), () => dialog.close())));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

const offered = ({ when }) => !when || when();
const key = (name) => el("kbd", "", name);

/** Whether somebody is typing, or a dialog has the keys. */
function busy({ target }) {
  if (document.querySelector("dialog[open]")) return true;
  return target instanceof Element && target.closest("input:not([type=checkbox]):not([type=radio]), select, textarea, [contenteditable]") !== null;
}
