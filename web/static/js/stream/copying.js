/** A button that copies what an element says. */

import { button, setText } from "../dom.js";
import { t } from "../words.js";

const SAID_MS = 2000;

export function copyButton(element) {
  const copy = button(t("stream.copy"), async () => {
    try {
      await navigator.clipboard.writeText(element.textContent);
      setText(copy, t("stream.copied"));
    } catch {
      getSelection().selectAllChildren(element);
      setText(copy, t("stream.copySelected"));
    }
    setTimeout(() => setText(copy, t("stream.copy")), SAID_MS);
  }, "quiet");
  return copy;
}
