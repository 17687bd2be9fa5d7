/** What the wall says while nothing is watched. */

import { el, make } from "../dom.js";
import { t } from "../words.js";

export function emptyWall() {
  const way = (href, name, text, primary) => el("li", "", make("a", { href, class: primary ? "button primary" : "button" }, name), ` ${text}`);
  return el("section", "empty",
    el("h2", "", t("wall.empty")), el("p", "", t("wall.emptyLead")),
    el("ol", "",
      way("#/add", t("wall.emptyAdd"), t("wall.emptyAddText"), true),
      way("#/publish", t("wall.emptyPublish"), t("wall.emptyPublishText"), false),
      el("li", "", `${t("wall.emptyTerminal")} `, el("code", "", `gorewatch publish clip.mp4 ${location.origin}/whip/clip`))),
    el("p", "hint", `${t("wall.emptyDemo")} `, el("code", "", "gorewatch serve --demo")));
}
