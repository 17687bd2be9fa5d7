/**
 * The report of a media that ended: a page of the service's own, to be saved or opened.
 *
 * A link sends no credentials, and a page made of what was fetched would have this page's policy, under which a report has no
 * style: so with a key it is saved, and opened from there.
 */

import { button, el, make, setText } from "../dom.js";
import { download } from "../download.js";
import * as format from "../format.js";
import { setTime } from "../times.js";
import { t } from "../words.js";

export function open(root, context, params) {
  const gone = new AbortController();
  const path = `/v1/media/${encodeURIComponent(params.id)}/report.html`;
  const about = el("p", "lead");
  const facts = { began: make("time"), ended: make("time"), highest: el("span"), samples: el("span") };
  const status = make("p", { class: "hint", role: "status" });
  const save = button(t("report.save"), () => keep(), "primary");
  const actions = el("div", "actions", save);
  if (!context.api.token) actions.append(make("a", { href: path, target: "_blank", rel: "noopener" }, t("report.open")));
  root.append(el("h1", "", t("report.title")), about,
    el("dl", "facts", ...Object.entries(facts).map(([name, value]) => el("div", "", el("dt", "", t(`report.${name}`)), el("dd", "", value)))),
    el("p", "", t("report.what")), actions, status);
  context.title(t("report.title"));
  describe();
  return { close: () => gone.abort() };

  async function describe() {
    try {
      const media = await context.api.get(`/v1/media/${encodeURIComponent(params.id)}`, { signal: gone.signal });
      setText(about, media.uri);
      setTime(facts.began, media.started, { date: true });
      setTime(facts.ended, media.finished, { date: true });
      setText(facts.highest, format.prob(media.prob));
      setText(facts.samples, format.count(media.operations));
    } catch (problem) {
      tell(problem);
    }
  }

  async function keep() {
    save.disabled = true;
    setText(status, t("report.making"));
    try {
      const response = await context.api.request(path, { signal: gone.signal, cache: "no-store" });
      download(await response.blob(), `gorewatch-${params.id}.html`);
      setText(status, t("report.saved"));
    } catch (problem) {
      tell(problem);
    }
    save.disabled = false;
  }

  function tell(problem) {
    if (problem.name !== "AbortError") setText(status, problem.message);
  }
}
