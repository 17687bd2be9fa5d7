/** The wall: every running stream as a tile, those that need somebody first. */

import { button, el, make, setChildren, setHidden, setText } from "../dom.js";
import { isFinal, listed } from "../state.js";
import { endedList } from "../wall/ended.js";
import { emptyWall } from "../wall/empty.js";
import { kept, matches, maySort, need, ordered, settled } from "../wall/need.js";
import { Past } from "../wall/past.js";
import { riseOf } from "../wall/spark.js";
import { Tile } from "../wall/tile.js";
import { moveFocus } from "../wall/moving.js";
import { t } from "../words.js";

const SHOWS = ["running", "incident", "live", "trouble"];
const TICK_MS = 1000;
/** How far off the screen tiles are made ready. */
const AHEAD = "300px";

export function open(root, context) {
  return new Wall(root, context);
}

class Wall {
  #context;
  #stops;
  #tiles = new Map();
  #order = [];
  #held = new Map();
  #sortedAtMs = -Infinity;
  #movedAtMs = 0;
  #inside = false;
  #past;
  #observer;
  #search = make("input", { type: "search", id: "wall-search", autocomplete: "off", placeholder: t("wall.searchHint") });
  #show = make("select", { id: "wall-show" }, ...SHOWS.map((show) => make("option", { value: show }, t(`wall.${show}`))));
  #count = make("p", { class: "hint", role: "status" });
  #grid = make("ul", { class: "tiles", id: "tiles" });
  #none = el("div", "wall-none", el("p", "", t("wall.noMatch")), button(t("wall.everything"), () => this.#everything()));
  #empty = emptyWall();
  #ended = endedList();

  constructor(root, context) {
    this.#context = context;
    this.#past = new Past(context.api);
    this.#observer = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: AHEAD });
    this.#bar = el("div", "wall-bar", el("div", "pair", make("label", { for: "wall-search" }, t("wall.search")), this.#search),
      el("div", "pair", make("label", { for: "wall-show" }, t("wall.filter")), this.#show), this.#count);
    root.append(make("h1", { class: "visually-hidden" }, t("wall.title")), this.#bar, this.#grid, this.#none, this.#empty, this.#ended.node);
    this.#wire();
    context.title(t("wall.title"));
    context.keys.set([
      { key: "/", text: t("wall.keySearch"), run: () => this.#search.focus() },
      { key: "ArrowRight", text: t("wall.keyMove"), run: () => this.#grid.querySelector("a")?.focus() },
    ]);
    const timer = setInterval(() => this.#render(context.store.state), TICK_MS);
    this.#stops = [context.store.subscribe((state) => this.#render(state)), () => clearInterval(timer)];
    this.#render(context.store.state);
  }

  #bar;

  close() {
    for (const stop of this.#stops) stop();
    this.#observer.disconnect();
    this.#past.close();
    for (const tile of this.#tiles.values()) tile.close();
  }

  #wire() {
    const render = () => this.#render(this.#context.store.state);
    this.#search.addEventListener("input", render);
    this.#show.addEventListener("change", render);
    const enter = () => {
      this.#inside = true;
      this.#movedAtMs = performance.now();
    };
    const leave = () => {
      this.#inside = this.#grid.matches(":hover") || this.#grid.contains(document.activeElement);
    };
    for (const type of ["pointerenter", "pointermove", "focusin", "keydown"]) this.#grid.addEventListener(type, enter, { passive: true });
    for (const type of ["pointerleave", "focusout"]) this.#grid.addEventListener(type, leave);
    this.#grid.addEventListener("keydown", (event) => moveFocus(event, this.#grid));
  }

  #render(state) {
    const running = listed(state).active;
    const wanted = { text: this.#search.value, show: this.#show.value };
    const shown = running.filter((stream) => matches(stream, wanted));
    this.#sort(shown);
    this.#place(shown);
    for (const stream of shown) this.#update(stream);
    setHidden(this.#bar, !running.length);
    setHidden(this.#none, !running.length || shown.length > 0);
    setHidden(this.#empty, !state.loaded || running.length > 0);
    setText(this.#count, this.#counted(state, running.length, shown.length));
    this.#ended.render(state);
  }

  #counted(state, all, n) {
    if (!state.loaded) return t("wall.loading");
    return n === all ? t("wall.count", { n }) : t("wall.countOf", { n, all });
  }

  #sort(shown) {
    const nowMs = performance.now();
    const ids = shown.map((stream) => stream.id);
    this.#order = kept(this.#order, ids);
    if (!maySort({ inside: this.#inside, movedAtMs: this.#movedAtMs, sortedAtMs: this.#sortedAtMs, nowMs })) return;
    this.#sortedAtMs = nowMs;
    const needs = new Map(shown.map((stream) => [stream.id, need(stream, riseOf(this.#series(stream)))]));
    this.#held = settled(this.#held, needs);
    this.#order = ordered(this.#order, this.#held);
  }

  #place(shown) {
    const ids = new Set(shown.map((stream) => stream.id));
    for (const [id, tile] of this.#tiles) if (!ids.has(id)) this.#drop(id, tile);
    for (const id of ids) if (!this.#tiles.has(id)) this.#add(id);
    const focused = this.#grid.contains(document.activeElement) ? document.activeElement : null;
    setChildren(this.#grid, this.#order.map((id) => this.#tiles.get(id).node));
    // A node that is moved loses the focus.
    if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
  }

  #update(stream) {
    const tile = this.#tiles.get(stream.id);
    const series = this.#series(stream);
    if (tile.visible) this.#past.want(stream, series);
    tile.update(stream, series, Date.now());
  }

  #series(stream) {
    return this.#context.sync.series(stream.id, stream.media);
  }

  #add(id) {
    const tile = new Tile(id, this.#context.previews);
    tile.node.dataset.id = id;
    this.#tiles.set(id, tile);
    this.#observer.observe(tile.node);
  }

  #drop(id, tile) {
    this.#observer.unobserve(tile.node);
    this.#tiles.delete(id);
    tile.close();
  }

  #seen(entries) {
    const { streams } = this.#context.store.state;
    for (const { target, isIntersecting } of entries) {
      const tile = this.#tiles.get(target.dataset.id);
      const stream = streams.get(target.dataset.id);
      if (!tile) continue;
      tile.setVisible(isIntersecting);
      if (isIntersecting && stream && !isFinal(stream)) this.#update(stream);
    }
  }

  #everything() {
    this.#search.value = "";
    this.#show.value = SHOWS[0];
    this.#render(this.#context.store.state);
  }
}
