"use strict";
// A divider between two images that lie on top of each other. Without it they stand side by side.

const made = (className, ...content) => {
  const element = document.createElement("div");
  element.className = className;
  element.append(...content);
  return element;
};

// Mark and name of the set an image belongs to.
const endOf = (image) => {
  const mark = document.createElement("span");
  mark.className = `mark ${image.dataset.look}`;
  const name = document.createElement("bdi");
  name.textContent = image.dataset.end;
  return [mark, name];
};

const makeRange = () => {
  const range = document.createElement("input");
  Object.assign(range, { type: "range", min: "0", max: "100", step: "1", value: "50" });
  return range;
};

// Moves a range to where the pointer is over a frame.
const moveRange = (range, frame, event) => {
  const box = frame.getBoundingClientRect();
  range.value = (100 * (event.clientX - box.left)) / box.width;
  range.dispatchEvent(new Event("input"));
};

for (const figure of document.querySelectorAll(".comparison")) {
  const tile = figure.closest(".grid").querySelectorAll(".tile")[figure.dataset.tile];
  const images = [...tile.querySelectorAll("img")].slice(0, 2).map((image) => image.cloneNode());
  const frame = made("sides", ...images.map((image) => made("layer", image)));
  const ends = images.map((image) => made("end", ...endOf(image)));
  const [before, after] = images.map((image) => image.dataset.end);
  const range = makeRange();
  range.setAttribute("aria-label", `Divider between ${before} and ${after}`);
  range.addEventListener("input", () => {
    frame.style.setProperty("--split", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value} % ${before}`);
  });
  figure.prepend(frame, made("control", ends[0], range, ends[1]));
  figure.hidden = false;

  let held = false;
  frame.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    held = true;
    frame.setPointerCapture(event.pointerId);
    moveRange(range, frame, event);
  });
  frame.addEventListener("pointermove", (event) => held && moveRange(range, frame, event));
  for (const end of ["pointerup", "pointercancel"]) {
    frame.addEventListener(end, () => {
      held = false;
    });
  }
}
