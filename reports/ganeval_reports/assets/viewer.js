"use strict";
// Enlarges the images of a tile: side by side, under a slider, or one over the other.

// Opens the viewer at one of several tiles; `closed` hears at which it was left.
const openViewer = (() => {
  const viewer = document.getElementById("viewer");
  const part = (selector) => viewer.querySelector(selector);
  const [stage, caption, place, blend] = [".stage", ".caption", ".place", ".blend"].map(part);
  const modeButtons = [...viewer.querySelectorAll("[data-mode]")];

  const range = makeRange();
  const ends = [made("end"), made("end")];
  blend.append(ends[0], range, ends[1]);

  let tiles = [];
  let current = 0;
  let closed = null;
  let images = [];
  let mode = "beside";
  const blends = { slider: 50, overlay: 50 };
  let sharp = null; // as long as nobody chose, small images show their pixels

  const proportion = (image) => image.getAttribute("width") / image.getAttribute("height");
  const comparable = () =>
    images.length === 2 && Math.abs(proportion(images[0]) / proportion(images[1]) - 1) < 0.02;
  const modeNow = () => (comparable() ? mode : "beside");
  const isSharp = () =>
    sharp ??
    (!document.documentElement.classList.contains("smooth") &&
      images.some((image) => image.classList.contains("small")));

  const zoom = makeZoom(stage, {
    changed: (scale) => {
      part("output").textContent = `${Number(scale.toFixed(scale < 10 ? 1 : 0))}×`;
      viewer.classList.toggle("enlarged", scale > 1);
    },
    grab: (event, scale) => {
      if (modeNow() !== "slider" || (scale > 1 && !event.target.closest(".divider"))) return null;
      return (moved) => moveRange(range, stage.querySelector(".frame"), moved);
    },
  });

  const drawBlend = () => {
    const now = modeNow();
    blend.hidden = now === "beside";
    if (blend.hidden) return;
    const [first, second] = images.map((image) => image.dataset.end);
    range.value = blends[now];
    const slider = now === "slider";
    range.setAttribute(
      "aria-label",
      slider ? `Divider between ${first} and ${second}` : `Opacity of ${second} over ${first}`,
    );
    range.setAttribute("aria-valuetext", `${range.value} % ${slider ? first : second}`);
    stage.style.setProperty("--split", `${blends.slider}%`);
    stage.style.setProperty("--opacity", blends.overlay / 100);
  };
  const drawEnds = () => {
    images.slice(0, 2).forEach((image, at) => ends[at].replaceChildren(...endOf(image)));
  };
  const drawPixels = () => {
    stage.classList.toggle("sharp", isSharp());
    part(".sharp").setAttribute("aria-pressed", isSharp());
  };
  const draw = () => {
    const now = modeNow();
    const layers = images.map((image) => made("layer", image));
    const frames =
      now === "beside" ? layers.map((layer) => made("frame", layer)) : [made("frame", ...layers)];
    if (now === "slider") frames[0].append(made("divider"));
    frames[0].style.setProperty("--ratio", proportion(images[0]));
    stage.className = `stage ${now}`;
    stage.replaceChildren(...frames);
    viewer.classList.toggle("comparable", comparable());
    for (const button of modeButtons) {
      button.setAttribute("aria-pressed", button.dataset.mode === now);
    }
    drawBlend();
    drawPixels();
    zoom.refresh();
  };

  const show = (index) => {
    current = (index + tiles.length) % tiles.length;
    const tile = tiles[current];
    images = [...tile.querySelectorAll("img")].map((image) => image.cloneNode());
    for (const image of images) Object.assign(image, { loading: "eager", draggable: false });
    caption.replaceChildren(...tile.querySelector(".lines").cloneNode(true).childNodes);
    place.textContent = `${current + 1} of ${tiles.length}`;
    drawEnds();
    draw();
    zoom.whole();
  };
  const choose = (wanted) => {
    mode = wanted;
    draw();
  };
  const togglePixels = () => {
    sharp = !isSharp();
    drawPixels();
  };

  range.addEventListener("input", () => {
    blends[modeNow()] = Number(range.value);
    drawBlend();
  });
  const press = (selector, act) => part(selector).addEventListener("click", act);
  press(".previous", () => show(current - 1));
  press(".next", () => show(current + 1));
  press(".close", () => viewer.close());
  press(".larger", zoom.larger);
  press(".smaller", zoom.smaller);
  press(".whole", zoom.whole);
  press(".sharp", togglePixels);
  for (const button of modeButtons) {
    button.addEventListener("click", () => choose(button.dataset.mode));
  }

  const STEP = 60; // pixels that an arrow key moves an enlarged image
  const arrows = {
    ArrowLeft: [STEP, 0],
    ArrowRight: [-STEP, 0],
    ArrowUp: [0, STEP],
    ArrowDown: [0, -STEP],
  };
  const always = {
    "+": zoom.larger,
    "=": zoom.larger,
    "-": zoom.smaller,
    0: zoom.whole,
    p: togglePixels,
    ...Object.fromEntries(
      modeButtons.map((button, at) => [at + 1, () => comparable() && choose(button.dataset.mode)]),
    ),
  };
  const moves = {
    Home: () => show(0),
    End: () => show(-1),
    PageUp: () => show(current - 1),
    PageDown: () => show(current + 1),
  };
  const whole = { ArrowLeft: moves.PageUp, ArrowRight: moves.PageDown };
  viewer.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    let act = always[event.key.toLowerCase()];
    // In the range these keys move the range.
    if (!act && event.target !== range) {
      act = moves[event.key] ?? (zoom.enlarged() ? null : whole[event.key]);
      if (!act && arrows[event.key] && zoom.enlarged()) act = () => zoom.pan(...arrows[event.key]);
    }
    if (!act) return;
    act();
    event.preventDefault();
  });
  viewer.addEventListener("close", () => closed(tiles[current]));

  return (all, index, whenClosed) => {
    tiles = all;
    closed = whenClosed;
    viewer.showModal();
    show(index);
  };
})();
