/** What this browser remembers: colours, alerts, shortcuts, how peaks are shown. Never anything of a stream, nor a credential. */

const KEY = "gorewatch.prefs";
const DEFAULTS = { theme: "auto", sound: false, notify: false, shortcuts: true, heat: false, cover: false };

let values = read();

export const prefs = {
  get: (name) => values[name],
  set(name, value) {
    values = { ...values, [name]: value };
    try {
      localStorage.setItem(KEY, JSON.stringify(values));
    } catch {
      // A browser that keeps nothing still follows the choice until the page is closed.
    }
    dispatchEvent(new Event("gorewatch-prefs"));
  },
};

/** `listener` hears each change. Returns how to stop that. */
export function onPrefs(listener) {
  addEventListener("gorewatch-prefs", listener);
  return () => removeEventListener("gorewatch-prefs", listener);
}

function read() {
  let stored;
  try {
    stored = JSON.parse(localStorage.getItem(KEY));
  } catch {
    stored = null;
  }
  const kept = Object.entries(stored ?? {}).filter(([name, value]) => typeof value === typeof DEFAULTS[name]);
  return { ...DEFAULTS, ...Object.fromEntries(kept) };
}
