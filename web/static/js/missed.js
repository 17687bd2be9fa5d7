/** After a time without a connection: how many incidents began meanwhile, asked of the service. */

import { duration } from "./format.js";
import { t } from "./words.js";

const MOST = 1000;

/**
 * Says in a notice how long the connection was away and what began meanwhile.
 * @param away { forMs, since } of feed.js @param known ids of the incidents that were known before
 */
export async function tellMissed({ api, notify }, away, known) {
  const back = t("link.back", { away: duration(away.forMs / 1000) });
  const since = away.since ?? new Date(Date.now() - away.forMs).toISOString();
  const query = new URLSearchParams({ since, limit: MOST });
  let found;
  try {
    found = (await api.get(`/v1/incidents?${query}`)).incidents;
  } catch {
    notify(`${back} ${t("link.missedUnknown")}`, { kind: "problem" });
    return;
  }
  const missed = found.filter((incident) => !known.has(incident.id));
  const n = missed.length;
  if (!n) {
    notify(`${back} ${t("link.missedNone")}`);
    return;
  }
  // From the oldest of them on, newest first as they came: one that was known may have begun after the last event, too.
  const from = found.length === MOST ? since : missed.at(-1).started;
  notify(`${back} ${t(found.length === MOST ? "link.missedMany" : "link.missed", { n })}`, { kind: "problem", href: `#/incidents?${new URLSearchParams({ since: from })}` });
}
