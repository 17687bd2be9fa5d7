/** Dark, light, or as the system: said by `data-theme` of the root, which css/base.css answers to. */

import { setAttr } from "./dom.js";
import { onPrefs, prefs } from "./prefs.js";

const listeners = new Set();

/** Follow the choice, and the system where that is the choice. */
export function followTheme() {
  apply();
  onPrefs(apply);
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", tell);
}

/** `listener` hears when colours may have changed: for what draws on a canvas. Returns how to stop that. */
export function onTheme(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The colours of css/base.css as a canvas takes them, by name without `--`. */
export function colours(names) {
  const probe = document.createElement("span");
  document.body.append(probe);
  const style = getComputedStyle(probe);
  const found = {};
  for (const name of names) {
    probe.style.color = `var(--${name})`;
    found[name] = style.color;
  }
  probe.remove();
  return found;
}

function apply() {
  const theme = prefs.get("theme");
  const before = document.documentElement.dataset.theme;
  setAttr(document.documentElement, "data-theme", theme === "auto" ? null : theme);
  if (before !== document.documentElement.dataset.theme) tell();
}

function tell() {
  for (const listener of listeners) listener();
}
