// <before-after>: two pictures of one place with a handle between them. Arrow keys, mouse and touch move it.

import { el } from "./dom.js";

const STEPS = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10 };

class BeforeAfter extends HTMLElement {
  #split = 50;
  #handle = el("div", {
    role: "slider",
    tabindex: "0",
    class: "handle",
    "aria-label": "Divide between before (left) and after (right)",
    "aria-valuemin": 0,
    "aria-valuemax": 100,
  });

  /** Take the two layers: elements of the same size, the second shown to the right of the handle. */
  set layers([before, after]) {
    before.classList.add("layer");
    after.classList.add("layer", "later");
    const corners = [el("span", { class: "corner left" }, "Before"), el("span", { class: "corner right" }, "After")];
    this.replaceChildren(before, after, ...corners, this.#handle);
    this.#show();
  }

  /** Put the handle somewhere, 0 (left) to 100. */
  set split(percent) {
    this.#split = percent;
    this.#show();
  }

  connectedCallback() {
    this.addEventListener("pointerdown", this.#press);
    this.addEventListener("pointermove", this.#drag);
    this.#handle.addEventListener("keydown", this.#key);
  }

  disconnectedCallback() {
    this.removeEventListener("pointerdown", this.#press);
    this.removeEventListener("pointermove", this.#drag);
    this.#handle.removeEventListener("keydown", this.#key);
  }

  #press = (event) => {
    if (event.button !== 0) return;
    this.setPointerCapture(event.pointerId);
    this.#handle.focus({ preventScroll: true });
    this.#moveTo(event);
    event.preventDefault(); // no dragging of the picture itself
  };

  #drag = (event) => {
    if (this.hasPointerCapture(event.pointerId)) this.#moveTo(event);
  };

  #key = (event) => {
    const step = STEPS[event.key];
    if (step !== undefined) this.#split += step;
    else if (event.key === "Home") this.#split = 0;
    else if (event.key === "End") this.#split = 100;
    else return;
    event.preventDefault();
    this.#show();
  };

  #moveTo(event) {
    const box = this.getBoundingClientRect();
    this.#split = (100 * (event.clientX - box.left)) / box.width;
    this.#show();
  }

  #show() {
    this.#split = Math.min(100, Math.max(0, this.#split));
    const rounded = Math.round(this.#split);
    this.style.setProperty("--split", `${this.#split}%`);
    this.#handle.setAttribute("aria-valuenow", rounded);
    this.#handle.setAttribute("aria-valuetext", `${rounded} % before, ${100 - rounded} % after`);
  }
}

customElements.define("before-after", BeforeAfter);
