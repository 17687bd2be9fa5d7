/** How incidents are spoken of. Pure. */

import { duration, prob } from "../format.js";
import { t } from "../words.js";

export const nameOf = (incident) => incident.name || t("incidents.noName");

/** "lobby, peak 0.91": for what was done with it. */
export const called = (incident) => t("incidents.called", { name: nameOf(incident), peak: prob(incident.peak) });

export const lastedOf = (incident) => (incident.state === "open" ? t("incidents.lasts") : duration(incident.end - incident.start));

/** "Dismissed by Ann"; while there is no key nobody has a name. */
export function reviewOf(review) {
  if (review.waits) return t(`incidents.${review.verdict}ByYou`);
  const who = review.by.name || review.by.key;
  return review.by.key && who ? t(`incidents.${review.verdict}By`, { who }) : t(`incidents.${review.verdict}`);
}
