/** The chart library, fetched when the first chart is opened: the wall is drawn without it. */

import { make } from "../dom.js";

const SOURCE = "/static/vendor/uplot/uPlot.iife.min.js";
let loading = null;

/** @returns a promise of the constructor `uPlot` */
export function loadUplot() {
  loading ??= new Promise((resolve, reject) => {
    const script = make("script", { src: SOURCE });
    script.onload = () => resolve(globalThis.uPlot);
    script.onerror = () => {
      loading = null;
      script.remove();
      reject(new Error(SOURCE));
    };
    document.head.append(script);
  });
  return loading;
}
