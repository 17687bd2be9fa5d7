/** One incident in the list. */

import { el, make, setAttr, setText } from "../dom.js";
import { prob } from "../format.js";
import { stateMark } from "../statemark.js";
import { setTime } from "../times.js";
import { t } from "../words.js";
import { lastedOf, nameOf } from "./words.js";

/** @returns { node, fill(incident) } */
export function incidentRow() {
  const peak = el("span", "queue-peak");
  const name = el("span", "queue-name");
  const time = make("time", { class: "queue-time" });
  const lasted = el("span", "queue-lasted");
  const mark = stateMark();
  const verdict = el("span", "queue-verdict");
  const node = el("div", "queue-row", peak, name, time, lasted, mark.node, verdict);
  let shown = null;
  mark.set("incident");
  return {
    node,
    fill(incident) {
      if (incident === shown) return;
      shown = incident;
      setText(peak, prob(incident.peak));
      setText(name, nameOf(incident));
      setTime(time, incident.started, { date: true });
      setText(lasted, incident.state === "open" ? "" : lastedOf(incident));
      mark.node.hidden = incident.state !== "open";
      setText(verdict, incident.review ? t(`incidents.${incident.review.verdict}`) : "");
      setAttr(verdict, "data-verdict", incident.review?.verdict);
      setAttr(node, "data-state", incident.state);
    },
  };
}
