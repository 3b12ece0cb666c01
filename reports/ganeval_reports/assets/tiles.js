"use strict";
// Tiles that open the viewer. A grid is one stop of the Tab key; arrow keys move within it.
(() => {
  const makeButton = (tile) => {
    const pictures = tile.querySelector(".pictures");
    const button = document.createElement("button");
    button.type = "button";
    button.className = pictures.className;
    button.setAttribute("aria-haspopup", "dialog");
    button.append(...pictures.childNodes);
    pictures.replaceWith(button);
    return button;
  };

  const target = (key, at, tiles) => {
    const row = () => tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length;
    switch (key) {
      case "ArrowRight": return at + 1;
      case "ArrowLeft": return at - 1;
      case "ArrowDown": return at + row();
      case "ArrowUp": return at - row();
      case "Home": return 0;
      case "End": return tiles.length - 1;
      default: return null;
    }
  };

  for (const grid of document.querySelectorAll(".tiles")) {
    const tiles = [...grid.querySelectorAll(".tile")];
    const buttons = tiles.map(makeButton);
    const stopAt = (wanted) => {
      for (const button of buttons) button.tabIndex = button === wanted ? 0 : -1;
    };
    stopAt(buttons[0]);
    buttons.forEach((button, at) => {
      button.addEventListener("focus", () => stopAt(button));
      button.addEventListener("click", () => {
        openViewer(tiles, at, (tile) => buttons[tiles.indexOf(tile)].focus());
      });
    });
    grid.addEventListener("keydown", (event) => {
      const at = buttons.indexOf(document.activeElement);
      const wanted = target(event.key, at, tiles);
      if (at < 0 || wanted === null || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      buttons[wanted]?.focus();
    });
  }

  // Images further down come once the page stands, a few at a time. Paper has those that are
  // there: Chromium does not wait for what is only asked for when it prints.
  const FEW = 50;
  const whenIdle = globalThis.requestIdleCallback ?? setTimeout;
  const load = (most) => {
    const waiting = [...document.querySelectorAll("img[loading=lazy]")];
    for (const image of waiting.slice(0, most)) image.loading = "eager";
    return waiting.length > most;
  };
  const loadFew = () => load(FEW) && whenIdle(loadFew);
  addEventListener("load", () => whenIdle(loadFew));
  addEventListener("beforeprint", () => load(Infinity));

  // One switch for the page, where the first small images are.
  const first = document.querySelector(".grid img.small");
  if (!first) return;
  const label = document.createElement("label");
  label.className = "pixels";
  const box = document.createElement("input");
  Object.assign(box, { type: "checkbox", checked: true });
  box.addEventListener("change", () => {
    document.documentElement.classList.toggle("smooth", !box.checked);
  });
  label.append(box, "Show the pixels of small images");
  const grid = first.closest(".grid");
  (grid.closest(".samples") ?? grid).before(label);
})();
