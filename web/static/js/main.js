/** Joins the parts of the viewer and opens the page that the address names. */

import { Api } from "./api.js";
import { tellMissed } from "./missed.js";
import { Previews } from "./previews.js";
import { Publisher } from "./publisher.js";
import { Shell } from "./shell.js";
import { SignIn } from "./signin.js";
import { Store } from "./store.js";
import { Sync } from "./sync.js";
import { followTheme } from "./theme.js";

followTheme();

const listeners = new Set();
const api = new Api();
const store = new Store();
const context = {
  api,
  store,
  previews: new Previews(api),
  publisher: new Publisher(api),
  onEvent(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
const shell = new Shell(context);
const sync = new Sync(api, store, {
  onEvent(event, state) {
    shell.event(event, state);
    for (const listener of listeners) listener(event);
  },
  onBack: (away, known) => tellMissed(context, away, known),
});
context.sync = sync;
context.publisher.subscribe(() => store.changed());

const signIn = new SignIn((token) => {
  api.token = token;
  sync.start();
  shell.open();
});
api.onUnauthorised = (refused) => {
  api.token = null;
  sync.signedOut();
  signIn.ask(refused);
};

sync.start();
shell.open();
