"use strict";
// A divider between two images that lie on top of each other. Without it they stand side by side.

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
  if (figure.querySelectorAll("img").length < 2) continue;
  const frame = figure.querySelector(".sides");
  const ends = [...figure.querySelectorAll(".end")];
  const [before, after] = ends.map((end) => end.textContent);
  const range = makeRange();
  range.setAttribute("aria-label", `Divider between ${before} and ${after}`);
  range.addEventListener("input", () => {
    frame.style.setProperty("--split", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value} % ${before}`);
  });
  const control = document.createElement("div");
  control.className = "control";
  control.append(ends[0], range, ends[1]);
  frame.after(control);
  figure.classList.add("stacked");

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
