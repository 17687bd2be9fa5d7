/** What stands around the streams: panels, counts, connection state, announcements, sign-in, the question before ending. */

import { byId, setAttr, setHidden, setText } from "./dom.js";
import { plural, prob } from "./format.js";
import { isFinal, openIncident, streamOf } from "./state.js";

/** Open one of the two panels of the rail, closing the other unless it is in use. */
export function openPanel(name, open = true) {
  for (const panel of ["add", "publish"]) {
    const inUse = panel === "publish" && !byId("publish-stop").hidden;
    const show = panel === name ? open : inUse;
    setHidden(byId(panel), !show);
    setAttr(byId(`open-${panel}`), "aria-expanded", String(show));
  }
  if (open) byId(name === "add" ? "add-url" : "publish-name").focus();
}

export function wirePanels() {
  for (const panel of ["add", "publish"]) byId(`open-${panel}`).addEventListener("click", () => openPanel(panel, byId(panel).hidden));
  byId("empty-add").addEventListener("click", () => openPanel("add"));
  byId("empty-publish").addEventListener("click", () => openPanel("publish"));
  setText(byId("empty-whip"), `${location.origin}/whip/clip`);
}

export function renderLink(link, now) {
  setAttr(byId("link"), "data-link", link.state);
  const seconds = Math.max(1, Math.ceil((link.retryAt - now) / 1000));
  const words = {
    open: "Connected",
    connecting: "Connecting…",
    waiting: `No live events: ${link.why}. Next try in ${seconds} s`,
    signedout: "Signed out",
  };
  setText(byId("link-text"), words[link.state] ?? "");
}

export function renderCounts(state) {
  const running = [...state.streams.values()].filter((stream) => !isFinal(stream));
  const alarms = running.filter(openIncident).length;
  const live = running.filter((stream) => stream.state === "live").length;
  const incidents = alarms ? plural(alarms, "incident") : "no incident";
  setText(byId("counts"), state.loaded && running.length ? `${live} of ${running.length} live, ${incidents} running` : "");
  byId("counts").classList.toggle("alarm", alarms > 0);
}

/** Beyond the picture: the tab's title, which also counts in the background, and a word for screen readers. */
export function announce(state, event) {
  const alarms = [...state.streams.values()].filter((stream) => !isFinal(stream) && openIncident(stream)).length;
  const title = alarms ? `(${alarms}) gorewatch` : "gorewatch";
  if (document.title !== title) document.title = title;
  const data = event.data ?? {};
  if (event.type !== "gore.incident" || data.state === "peak") return;
  const name = state.streams.get(streamOf(event))?.name ?? "a stream";
  const words = data.state === "started" ? `Incident started on ${name}, probability ${prob(data.gore?.prob)}`
    : `Incident ended on ${name}, peak ${prob(data.incident?.peak)}`;
  setText(byId("announce"), words);
}

/** Ask before a stream is ended. Resolves to whether it shall be. */
export function confirmEnd(name) {
  const dialog = byId("confirm");
  setText(byId("confirm-text"), `“${name}” will no longer be watched. Its summary stays; the stream itself goes on wherever it comes from.`);
  dialog.returnValue = "keep";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "end"), { once: true });
  });
}

/** The sign-in dialog. `onToken` hears what was entered. */
export function wireSignIn(api, onToken) {
  byId("sign-in-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const token = byId("token").value.trim();
    if (!token) return;
    byId("token").value = "";
    byId("sign-in").close();
    onToken(token);
  });
  byId("sign-out").addEventListener("click", () => {
    api.token = null;
    location.reload();
  });
}

export function askForToken(refused) {
  setText(byId("sign-in-error"), refused ? "That was not accepted." : "");
  if (!byId("sign-in").open) byId("sign-in").showModal();
}
