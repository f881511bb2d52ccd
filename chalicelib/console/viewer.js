// An alert's pictures, seen three ways: with a slider between them, side by side, or with the changes painted on.

import "./before_after.js";
import { button, el } from "./dom.js";

const ZOOM = 4;
const WORTH_FITTING = 1.25; // less, and the whole tile is as good
const VIEWS = [["slider", "Slider"], ["side", "Side by side"], ["overlay", "Overlay"]];

/** Make the viewer; gives its node, and a way to look at one position closely. */
export function viewer({ before, after, overlay, ground, showsIgnored = false }) {
  const stage = el("div", { class: showsIgnored ? "stage with-ignored" : "stage" });
  const name = `view-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const fit = (ground.fit?.times ?? 1) > WORTH_FITTING ? ground.fit : null;
  const extent = button("", () => (isClose ? zoom(1, 0.5, 0.5) : zoom(fit.times, fit.x, fit.y)), { class: "mini" });
  let isClose = false;
  const marks = el("input", { type: "checkbox", checked: true, on: { change: () => stage.classList.toggle("unmarked", !marks.checked) } });
  const outlined = el("label", { class: "check" }, marks, "Outlines");
  const also = el("input", { type: "checkbox", checked: showsIgnored, on: { change: () => stage.classList.toggle("with-ignored", also.checked) } });
  const dashed = ground.hasIgnored && el("label", { class: "check" }, also, "Seen and ignored");
  const choices = VIEWS.filter(([view]) => view !== "overlay" || overlay !== null).map(([view, label], index) => {
    const input = el("input", { type: "radio", name, value: view, checked: index === 0, on: { change: () => show(view) } });
    return el("label", {}, input, el("span", {}, label));
  });
  const node = el(
    "div",
    { class: "viewer" },
    el(
      "div",
      { class: "viewer-bar" },
      el("fieldset", { class: "segments" }, el("legend", { class: "unseen" }, "How to look at the pictures"), choices),
      outlined,
      dashed,
      extent,
    ),
    stage,
  );
  let middle = ground.middle;
  let onFrame = (share) => share;
  show("slider");
  zoom(fit?.times ?? 1, fit?.x ?? 0.5, fit?.y ?? 0.5);
  return { node, zoomTo };

  function show(view) {
    if (view === "slider") {
      const pair = document.createElement("before-after");
      pair.classList.add("frame");
      pair.layers = [layer(before, "Before"), layer(after, "After")];
      stage.replaceChildren(el("figure", {}, pair, told(before, "half"), told(after, "half")));
      divide();
    } else {
      const shown = view === "side" ? [[before, "Before"], [after, "After"]] : [[overlay, "After, with the changes marked"]];
      stage.replaceChildren(...shown.map(([picture, alt]) =>
        el("figure", {}, el("div", { class: "frame" }, layer(picture, alt)), told(picture))));
    }
    stage.dataset.view = view;
    outlined.hidden = view === "overlay"; // it has its own
    if (dashed) dashed.hidden = outlined.hidden;
  }

  function layer(picture, alt) {
    const image = el("img", { src: picture.url, alt: `${alt}: the tile from above`, draggable: "false", decoding: "async" });
    const drawn = el("div", { class: "sheet loading-picture" }, image, picture === overlay ? null : ground.draw());
    const place = el("div", {}, drawn);
    image.addEventListener("load", () => drawn.classList.remove("loading-picture"));
    image.addEventListener("error", () => place.closest(".frame")?.replaceWith(unloaded(alt)));
    return place;
  }

  function zoomTo(lon, lat) {
    middle = ground.at(lon, lat)[0];
    zoom(Math.max(ZOOM, 2 * (fit?.times ?? 1)), ...ground.at(lon, lat));
    node.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  // The slider's handle goes through the place that is looked at: half of it before, half of it after.
  function divide() {
    const pair = stage.querySelector("before-after");
    if (pair !== null) pair.split = 100 * Math.min(0.95, Math.max(0.05, onFrame(middle)));
  }

  // The position in the middle, as far as the picture reaches.
  function zoom(times, x, y) {
    const shift = (share) => Math.min(0, Math.max(1 - times, 0.5 - times * share));
    onFrame = (share) => times * share + shift(x);
    stage.style.setProperty("--zoom", times);
    stage.style.setProperty("--shift-x", `${100 * shift(x)}%`);
    stage.style.setProperty("--shift-y", `${100 * shift(y)}%`);
    divide();
    isClose = times > 1;
    extent.textContent = isClose ? "Show the whole tile" : "Show the area closely";
    extent.hidden = !isClose && fit === null;
  }
}

function told(picture, kind = "") {
  return el("figcaption", { class: kind }, el("span", {}, picture.caption.map((part) => part.cloneNode?.(true) ?? part)), el("span", { class: "attribution" }, `Imagery: ${picture.attribution}`));
}

function unloaded(alt) {
  return el(
    "div",
    { class: "frame unloaded" },
    el("p", {}, `The picture “${alt}” cannot be loaded. Links to pictures expire after a while.`),
    button("Load the page again", () => location.reload()),
  );
}
