/** The incidents of one media, newest first: each leads to its stretch of the chart, and to its page. */

import { button, el, icon, make, setChildren, setHidden, setText } from "../dom.js";
import { count, duration, position, prob } from "../format.js";
import { toIncident } from "../routes.js";
import { isFinal } from "../state.js";
import { t } from "../words.js";

export class IncidentList {
  #rows = new Map();
  #count = el("span", "count");
  #list = make("ol", { class: "incidents", id: "incidents" });
  #none = el("p", "hint");
  #onShow;

  /** @param onShow(incident) to see it on the chart */
  constructor(onShow) {
    this.#onShow = onShow;
    this.node = make("section", { class: "card", "aria-labelledby": "incidents-head" },
      make("h2", { id: "incidents-head" }, `${t("stream.incidents")} `, this.#count), this.#list, this.#none);
  }

  render(stream) {
    const live = !isFinal(stream);
    const rows = stream.incidents.map((incident, index) => this.#row(incident, stream.incidents.length - index, live));
    for (const id of this.#rows.keys()) if (!stream.incidents.some((one) => one.id === id)) this.#rows.delete(id);
    setChildren(this.#list, rows);
    setText(this.#count, rows.length ? count(rows.length) : "");
    setHidden(this.#list, rows.length === 0);
    setHidden(this.#none, rows.length > 0);
    setText(this.#none, t(live ? "stream.incidentsNone" : "stream.incidentsNoneAtAll"));
  }

  #row(incident, number, live) {
    const known = this.#rows.get(incident.id);
    if (known && known.incident === incident && known.number === number && known.live === live) return known.node;
    const running = incident.end === null && live;
    const from = position(incident.start);
    const span = running ? t("stream.incidentRunning", { from }) : t("stream.incidentSpan", { from, to: position(incident.end) });
    const note = running ? el("span", "state running", icon("incident"), t("state.incident")) : el("span", "muted", duration(incident.end - incident.start));
    note.dataset.state = running ? "incident" : "";
    const show = button("", () => this.#onShow(incident), "incident");
    show.append(el("span", "number", `#${number}`), el("span", "", span), note,
      el("span", "peak", t("stream.peak", { peak: prob(incident.peak), at: position(incident.peakPosition) })));
    show.title = t("stream.showOnChart");
    const node = known?.node ?? el("li");
    node.replaceChildren(show, make("a", { href: toIncident(incident.id), title: t("stream.openIncident"), "aria-label": `${t("stream.openIncident")} #${number}` }, "→"));
    this.#rows.set(incident.id, { node, incident, number, live });
    return node;
  }
}
