/** Which page a hash stands for. Pure but for loading a page's module. */

/** By route: the page's name in navigation, and its module. `:id` is handed to the page as `params.id`. */
const ROUTES = [
  { path: "/", page: "wall", load: () => import("./pages/wall.js") },
  { path: "/streams/:id", page: "stream", load: () => import("./pages/stream.js") },
  { path: "/incidents", page: "incidents", load: () => import("./pages/incidents.js") },
  { path: "/incidents/:id", page: "incidents", load: () => import("./pages/incidents.js") },
  { path: "/media/:id/report", page: "report", load: () => import("./pages/report.js") },
  { path: "/publish", page: "publish", load: () => import("./pages/publish.js") },
  { path: "/add", page: "add", load: () => import("./pages/add.js") },
];

/**
 * `#/incidents/inc_1?verdict=none` → the route, with `params` = { id: "inc_1" } and the `query` after `?`.
 * null for a hash that is no page.
 */
export function match(hash) {
  const [path, query = ""] = (hash.replace(/^#/, "") || "/").split(/\?(.*)/s);
  for (const route of ROUTES) {
    const params = matched(route.path.split("/"), path.split("/"));
    if (params) return { ...route, params, query: new URLSearchParams(query) };
  }
  return null;
}

function matched(wanted, given) {
  if (wanted.length !== given.length) return null;
  const params = {};
  for (const [index, part] of wanted.entries()) {
    if (!part.startsWith(":")) {
      if (part !== given[index]) return null;
      continue;
    }
    const value = decoded(given[index]);
    if (!value) return null;
    params[part.slice(1)] = value;
  }
  return params;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/** The hash of a stream's page, and of others that have an id. */
export const toStream = (id) => `#/streams/${encodeURIComponent(id)}`;
export const toIncident = (id) => `#/incidents/${encodeURIComponent(id)}`;
export const toReport = (media) => `#/media/${encodeURIComponent(media)}/report`;
