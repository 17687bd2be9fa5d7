/** Notices under the bar: what was missed, what did not work. Few at a time; the oldest goes first. */

import { button, el, make } from "./dom.js";
import { t } from "./words.js";

const MOST = 3;
const INFO_MS = 20_000;

export class Notices {
  node = make("div", { class: "notices", role: "log", "aria-live": "polite" });

  /** @param options kind: "info" goes by itself, "problem" stays; href: where the link of it leads */
  add(text, { kind = "info", href = null } = {}) {
    const notice = el("p", `notice ${kind}`, el("span", "", text));
    if (href) notice.append(make("a", { href, on: { click: () => notice.remove() } }, t("shell.show")));
    notice.append(button(t("shell.dismiss"), () => notice.remove(), "quiet"));
    this.node.append(notice);
    while (this.node.children.length > MOST) this.node.firstElementChild.remove();
    if (kind === "info") setTimeout(() => notice.remove(), INFO_MS);
  }
}
