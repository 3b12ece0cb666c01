"use strict";
// Enlarges what the frames of a stage show and moves it, in all frames alike.

// `changed` hears of each new scale. `grab` may take a press for something else: it returns what
// to do when that pointer moves. Points are in pixels from the middle of a frame.
const makeZoom = (stage, { changed, grab }) => {
  const MOST = 32;
  const STEP = Math.SQRT2;
  let scale = 1;
  let [x, y] = [0, 0];
  const pointers = new Map();
  let grabbed = null;

  const within = (value, limit) => Math.max(-limit, Math.min(limit, value));
  const box = (target) =>
    (target?.closest?.(".frame") ?? stage.querySelector(".frame")).getBoundingClientRect();

  const apply = () => {
    const { width, height } = box();
    x = within(x, ((scale - 1) * width) / 2);
    y = within(y, ((scale - 1) * height) / 2);
    stage.style.setProperty("--zoom", scale);
    stage.style.setProperty("--x", `${x}px`);
    stage.style.setProperty("--y", `${y}px`);
    stage.classList.toggle("enlarged", scale > 1);
    changed(scale);
  };
  // The point stays where it is while everything grows around it.
  const zoomTo = (wanted, [px, py] = [0, 0]) => {
    const next = Math.max(1, Math.min(MOST, wanted));
    x = px - ((px - x) * next) / scale;
    y = py - ((py - y) * next) / scale;
    // Steps up and down meet again in spite of rounding.
    scale = Math.abs(next - 1) < 1e-9 ? 1 : next;
    apply();
  };
  const pan = (dx, dy) => {
    x += dx;
    y += dy;
    apply();
  };
  const point = (event) => {
    const { left, top, width, height } = box(document.elementFromPoint(event.clientX, event.clientY));
    return [event.clientX - left - width / 2, event.clientY - top - height / 2];
  };

  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const pixels = event.deltaMode ? 16 * event.deltaY : event.deltaY;
      zoomTo(scale * Math.exp(-within(pixels, 200) / 400), point(event));
    },
    { passive: false },
  );
  stage.addEventListener("dblclick", (event) => zoomTo(scale > 1 ? 1 : 4, point(event)));

  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    grabbed = pointers.size ? null : grab(event, scale);
    grabbed?.(event);
    pointers.set(event.pointerId, event);
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    pointers.set(event.pointerId, event);
    if (grabbed) grabbed(event);
    else if (pointers.size === 1) pan(event.clientX - before.clientX, event.clientY - before.clientY);
    else pinch(event, before);
  });
  const pinch = (event, before) => {
    const [other] = [...pointers.values()].filter((one) => one.pointerId !== event.pointerId);
    const distance = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    const middle = {
      clientX: (event.clientX + other.clientX) / 2,
      clientY: (event.clientY + other.clientY) / 2,
    };
    zoomTo((scale * distance(event)) / Math.max(distance(before), 1), point(middle));
    pan((event.clientX - before.clientX) / 2, (event.clientY - before.clientY) / 2);
  };
  for (const end of ["pointerup", "pointercancel"]) {
    stage.addEventListener(end, (event) => {
      pointers.delete(event.pointerId);
      grabbed = null;
    });
  }
  addEventListener("resize", () => stage.firstElementChild && apply());

  return {
    larger: () => zoomTo(scale * STEP),
    smaller: () => zoomTo(scale / STEP),
    whole: () => zoomTo(1),
    pan,
    refresh: apply,
    enlarged: () => scale > 1,
  };
};
