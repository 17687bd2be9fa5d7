/** How incidents are spoken of. Pure. */

import { duration, prob } from "../format.js";
import { t } from "../words.js";

export const nameOf = (incident) => incident.name || t("incidents.noName");

/** "lobby, peak 0.91": for what was done with it. */
export const called = (incident) => t("incidents.called", { name: nameOf(incident), peak: prob(incident.peak) });

export const lastedOf = (incident) => (incident.state === "open" ? t("incidents.lasts") : duration(incident.end - incident.start));

export function whoOf(review) {
  return review.by.name || review.by.key || t("incidents.somebody");
}

/** "Dismissed by Ann". */
export const reviewOf = (review) => t(`incidents.${review.verdict}By`, { who: whoOf(review) });
