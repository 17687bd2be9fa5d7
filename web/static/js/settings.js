/** The settings of this browser: colours, alerts, shortcuts. */

import { askToNotify } from "./alerts.js";
import { el, make, setText } from "./dom.js";
import { showDialog } from "./keys.js";
import { prefs } from "./prefs.js";
import { t } from "./words.js";

export function showSettings(alerts) {
  const error = make("p", { class: "field-error", role: "alert" });
  const sound = checkbox("sound", () => prefs.get("sound") && alerts.play());
  const notify = checkbox("notify", async (box) => {
    setText(error, "");
    if (!box.checked) return;
    const refused = await askToNotify();
    setText(error, refused);
    if (!refused) return;
    box.checked = false;
    prefs.set("notify", false);
  });
  showDialog("settings-title",
    make("h2", { id: "settings-title" }, t("settings.title")),
    group("theme", ...["auto", "dark", "light"].map(themeChoice)),
    group("alerts", sound, notify, error),
    checkbox("shortcuts"),
    el("p", "hint", t("settings.hint")));
}

const group = (name, ...children) => make("fieldset", {}, make("legend", {}, t(`settings.${name}`)), ...children);

function themeChoice(theme) {
  const input = make("input", { type: "radio", name: "theme", value: theme, on: { change: () => prefs.set("theme", theme) } });
  input.checked = prefs.get("theme") === theme;
  return el("label", "choice", input, t(`settings.${theme}`));
}

function checkbox(name, onChange = () => {}) {
  const input = make("input", { type: "checkbox", on: { change: () => {
    prefs.set(name, input.checked);
    onChange(input);
  } } });
  input.checked = prefs.get(name);
  return el("label", "choice", input, t(`settings.${name}`));
}
