/**
 * What stands around the pages: navigation, counts, connection, notices; and which page is open.
 *
 * A page is a module below pages/ that exports
 *
 *   open(root, context, params, query) → { close() }
 *
 * It fills `root`, an empty element in `main`, with DOM (dom.js; never markup), a heading `h1` first. `params` has the parts of
 * the hash (routes.js), `query` is the URLSearchParams after its `?`. `close` stops all that the page began: subscriptions,
 * timers, requests, watched pictures; its elements are removed for it. It may be called before a request was answered.
 * `open` itself does not wait: what takes time comes into the page when it is there.
 *
 * `context` has
 *   api        api.js: get(path), json(method, path, body), picture(path); raise `Problem`, whose message is for people
 *   store      store.js: state (state.js), dispatch(action), subscribe(listener) → stop; listeners are called once a frame
 *   sync       sync.js: series(id, media), load(), detail(id)
 *   previews   previews.js: watch(image, path, everyMs), unwatch(image)
 *   publisher  publisher.js: the camera, screen or file that this tab publishes; it outlives its page
 *   keys       keys.js: set([{ key, text, run, when }]): the page's keys, taken away when it closes
 *   navigate(hash)                    go to a page
 *   notify(text, { kind, href })      a notice under the bar: kind "info" (goes by itself) or "problem"; `href` adds a link
 *   title(text)                       the page's part of the tab's title
 *   onEvent(listener) → stop          every event of the socket but scores, as it comes
 *
 * Every word comes from messages.js through t("section.name", values) (words.js), every time of day from times.js.
 */

import { Alerts } from "./alerts.js";
import { button, el, make, setAttr, setHidden, setText } from "./dom.js";
import { eventLine } from "./eventline.js";
import { Keys } from "./keys.js";
import { Notices } from "./notices.js";
import { match } from "./routes.js";
import { showSettings } from "./settings.js";
import { isFinal } from "./state.js";
import { runningIncidents } from "./sync.js";
import { t } from "./words.js";

const NAVIGATION = [["wall", "#/"], ["incidents", "#/incidents"], ["add", "#/add"], ["publish", "#/publish"]];

export class Shell {
  #context;
  #main = make("main", { id: "main", tabindex: "-1" });
  #links = NAVIGATION.map(([page, href]) => ({ page, node: make("a", { href }, t(`shell.${page}`)) }));
  #counts = make("p", { class: "counts", id: "counts" });
  #linkText = el("span");
  #link = make("p", { class: "link", id: "link", role: "status" }, make("span", { class: "link-mark", "aria-hidden": "true" }), this.#linkText);
  #signOut = button(t("shell.signOut"), () => this.#leave(), "quiet");
  #onAir = el("p", "on-air");
  #notices = new Notices();
  #page = null;
  #pageTitle = "";
  /** Counts openings, so that a module that comes late does not take the place of a newer page. */
  #opening = 0;

  constructor(context) {
    this.#context = Object.assign(context, {
      keys: new Keys((hash) => this.#navigate(hash)),
      navigate: (hash) => this.#navigate(hash),
      notify: (text, options) => this.#notices.add(text, options),
      title: (text) => this.#title(text),
    });
    const spoken = make("div", { class: "visually-hidden", id: "announce", "aria-live": "polite" });
    this.alerts = new Alerts(spoken);
    document.body.append(this.#skip(), this.#bar(), this.#notices.node, this.#main, spoken);
    context.store.subscribe((state) => this.#render(state));
    setInterval(() => context.store.state.link.state === "waiting" && this.#renderLink(context.store.state.link), 1000);
    addEventListener("hashchange", () => this.open());
  }

  /** The page that the address names. */
  async open() {
    const opening = (this.#opening += 1);
    const route = match(location.hash);
    let module = null;
    let why = "";
    try {
      module = await route?.load();
    } catch (error) {
      why = error.message;
    }
    if (opening !== this.#opening) return;
    const first = this.#page === null;
    this.#close();
    const root = make("div", { class: `page page-${route?.page ?? "none"}` });
    this.#main.replaceChildren(root);
    scrollTo(0, 0);
    for (const { page, node } of this.#links) setAttr(node, "aria-current", page === route?.page ? "page" : null);
    if (!module) this.#page = nothing(root, route ? t("shell.pageMissing", { why }) : t("shell.unknownPage"));
    else this.#page = module.open(root, this.#context, route.params, route.query);
    // A page may have put the focus where one begins.
    if (!first && !root.contains(document.activeElement)) this.#main.focus({ preventScroll: true });
  }

  #close() {
    this.#page?.close();
    this.#context.keys.set([]);
    this.#title("");
  }

  #navigate(hash) {
    if (location.hash === hash) this.open();
    else location.hash = hash;
  }

  #leave() {
    this.#context.api.token = null;
    location.reload();
  }

  #skip() {
    return make("a", { class: "skip", href: "#main", on: { click: (event) => {
      // The address says which page is open: the jump must not change it.
      event.preventDefault();
      this.#main.focus();
    } } }, t("shell.skip"));
  }

  #bar() {
    const brand = make("a", { class: "brand", href: "#/" }, make("img", { src: "/static/icon.svg", alt: "", width: "22", height: "22" }), t("shell.name"));
    const nav = make("nav", { "aria-label": t("shell.pages") }, make("ul", {}, ...this.#links.map(({ node }) => el("li", "", node))));
    const tools = el("div", "tools", this.#onAir, button(t("shell.settings"), () => showSettings(this.alerts), "quiet"),
      button(t("shell.keys"), () => this.#context.keys.help(), "quiet"), this.#signOut);
    return make("header", { class: "top" }, brand, nav, this.#counts, tools, this.#link);
  }

  #render(state) {
    const running = [...state.streams.values()].filter((stream) => !isFinal(stream) && stream.name);
    const incidents = runningIncidents(state);
    const live = running.filter((stream) => stream.state === "live").length;
    const words = [t("shell.live", { live, running: running.length }), incidents ? t("shell.running", { n: incidents }) : t("shell.quiet")];
    if (state.missing) words.push(t("shell.missing", { n: state.missing }));
    setText(this.#counts, state.loaded && (running.length || state.missing) ? words.join(", ") : "");
    this.#counts.classList.toggle("alarm", incidents > 0 || state.missing > 0);
    setHidden(this.#signOut, !this.#context.api.token);
    this.#renderLink(state.link);
    this.#renderOnAir();
    this.#renderTitle();
  }

  #renderLink(link) {
    setAttr(this.#link, "data-link", link.state);
    const seconds = Math.max(1, Math.ceil((link.retryAt - Date.now()) / 1000));
    setText(this.#linkText, t(`link.${link.state}`, { why: link.why, n: seconds }));
  }

  #renderOnAir() {
    const { name } = this.#context.publisher;
    setHidden(this.#onAir, !name);
    if (this.#onAir.dataset.name === (name ?? "")) return;
    this.#onAir.dataset.name = name ?? "";
    this.#onAir.replaceChildren(make("a", { href: "#/publish" }, t("shell.onAir", { name: name ?? "" })));
  }

  #title(text) {
    this.#pageTitle = text;
    this.#renderTitle();
  }

  /** Also of a tab in the background, where nothing else is drawn. */
  #renderTitle() {
    const incidents = runningIncidents(this.#context.store.state);
    const title = [this.#pageTitle, t("shell.name")].filter(Boolean).join(" · ");
    const text = incidents ? `(${incidents}) ${title}` : title;
    if (document.title !== text) document.title = text;
  }

  /** Once the store has it. */
  event(event, state) {
    this.alerts.event(event, state);
    if (event.type.startsWith("store.")) this.#notices.add(eventLine(event), { kind: event.type === "store.failed" ? "problem" : "info" });
    this.#renderTitle();
  }
}

function nothing(root, text) {
  root.append(el("h1", "", text), make("p", {}, make("a", { href: "#/" }, t("shell.toWall"))));
  return { close() {} };
}
