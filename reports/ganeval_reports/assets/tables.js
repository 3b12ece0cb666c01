"use strict";
// Sorts, filters and copies tables. The page can be read without it.
//
// The table of scores is left alone: its rows are metrics with units of their own, in families, so
// no order of its numbers means anything; the page has its CSV and LaTeX below it. Nor are tables
// of properties sorted or filtered, whose first column has no name.
(() => {
  const FEW = 5; // rows that are taken in at a glance
  const MISSING = ["", "–"];
  const PLAIN = /^[+\-−]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?(e[+-]?\d+)?$/i;
  const LEADING = /^([<>≤≥]?)\s*([+\-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?)/i;

  const textOf = (cell) => cell.textContent.replace(/\s+/g, " ").trim();
  const plain = (text) => text.replace("−", "-").replaceAll(",", "").replace(/^\+/, "");

  // Sorting ------------------------------------------------------------------------------------
  // "12.3 ± 0.4", "−5" and "<0.001" count by their first number; what is below a number comes first.
  const numberOf = (text) => {
    const found = LEADING.exec(text);
    return found && [Number(plain(found[2])), { "<": -1, ">": 1 }[found[1]] ?? 0];
  };
  const words = new Intl.Collator("en").compare;
  const pieces = (text) => text.split(/(\d+(?:\.\d+)?)/);
  const natural = (a, b) => {
    const [left, right] = [pieces(a), pieces(b)];
    for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
      const order = at % 2 ? left[at] - right[at] : words(left[at], right[at]);
      if (order) return order;
    }
    return left.length - right.length || words(a, b);
  };

  const ordered = (rows, column, direction) => {
    const keyed = rows.map((row) => ({ row, text: textOf(row.cells[column]) }));
    const missing = keyed.filter((one) => MISSING.includes(one.text));
    const present = keyed.filter((one) => !MISSING.includes(one.text));
    for (const one of present) one.number = numberOf(one.text);
    const numeric = present.every((one) => one.number);
    const compare = (a, b) =>
      numeric ? a.number[0] - b.number[0] || a.number[1] - b.number[1] : natural(a.text, b.text);
    present.sort((a, b) => direction * compare(a, b));
    return [...present, ...missing].map((one) => one.row);
  };

  const makeSortable = (table) => {
    const body = table.tBodies[0];
    const original = [...body.rows];
    const heads = [...table.tHead.rows[0].cells].filter((cell) => cell.matches("th"));
    for (const head of heads) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const next = { ascending: "descending", descending: null };
        const was = head.getAttribute("aria-sort");
        const now = was ? next[was] : "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        if (now) head.setAttribute("aria-sort", now);
        const direction = now === "descending" ? -1 : 1;
        body.append(...(now ? ordered(original, head.cellIndex, direction) : original));
      });
    }
  };

  // Filtering ----------------------------------------------------------------------------------
  const makeFilter = (table, caption) => {
    const rows = [...table.tBodies[0].rows];
    const texts = rows.map((row) => [...row.cells].map(textOf).join(" ").toLowerCase());
    const box = document.createElement("input");
    box.type = "search";
    box.placeholder = "Filter rows";
    box.setAttribute("aria-label", `Filter rows: ${caption}`);
    const count = document.createElement("output");
    box.addEventListener("input", () => {
      const wanted = box.value.toLowerCase().split(/\s+/);
      rows.forEach((row, at) => {
        row.hidden = !wanted.every((word) => texts[at].includes(word));
      });
      const shown = rows.filter((row) => !row.hidden).length;
      count.textContent = box.value.trim() ? `${shown} of ${rows.length} rows` : "";
    });
    const tools = document.createElement("div");
    tools.className = "filter";
    tools.append(box, count);
    return tools;
  };

  // Copying ------------------------------------------------------------------------------------
  const content = (table) => {
    const rows = [...table.tBodies[0].rows].filter((row) => !row.hidden);
    return [table.tHead.rows[0], ...rows].map((row) => [...row.cells].map(textOf));
  };

  // Values and errors in columns of their own, so that a spreadsheet reads both as numbers.
  const separated = ([head, ...rows]) => {
    const parts = (text) => /^(\S+) ± (\S+)$/.exec(text)?.slice(1);
    const split = head.map((_, at) => rows.some((row) => parts(row[at])));
    const wide = (row, make) => row.flatMap((text, at) => (split[at] ? make(text) : [text]));
    return [
      wide(head, (text) => [text, `${text} ±`]),
      ...rows.map((row) => wide(row, (text) => parts(text) ?? [text, ""])),
    ];
  };
  const csvCell = (text) => {
    if (MISSING.includes(text)) return "";
    if (PLAIN.test(text)) return plain(text);
    // A spreadsheet takes what starts so for a formula.
    const safe = /^[=+\-@]/.test(text) ? `'${text}` : text;
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const csv = (table) =>
    separated(content(table))
      .map((row) => `${row.map(csvCell).join(",")}\n`)
      .join("");

  const SPECIAL = {
    "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}",
    "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}",
    "±": "$\\pm$", "−": "$-$", "×": "$\\times$", "∞": "$\\infty$", "≤": "$\\le$", "≥": "$\\ge$",
    "↓": "$\\downarrow$", "↑": "$\\uparrow$", "→": "$\\to$", "–": "--", "…": "\\dots{}",
  };
  for (const letter of "&%$#_{}") SPECIAL[letter] = `\\${letter}`;
  const latexCell = (text) => [...text].map((letter) => SPECIAL[letter] ?? letter).join("");
  const latex = (table, caption) => {
    const [head, ...rows] = content(table);
    const numeric = (at) => rows.every((row) => MISSING.includes(row[at]) || numberOf(row[at]));
    const columns = head.map((_, at) => (numeric(at) ? "r" : "l")).join("");
    // LaTeX takes a bracket or star after the end of a row for a part of its command.
    const line = (row) => `${row.map(latexCell).join(" & ").replace(/^[[*]/, "{}$&")} \\\\\n`;
    const body = rows.map(line).join("");
    return (
      `% ${caption}; needs booktabs\n\\begin{tabular}{${columns}}\n` +
      `\\toprule\n${line(head)}\\midrule\n${body}\\bottomrule\n\\end{tabular}\n`
    );
  };

  const makeCopies = (table, caption) => {
    const tools = document.createElement("div");
    tools.className = "copies";
    const status = document.createElement("output");
    const select = (form, text) => {
      const area = document.createElement("textarea");
      area.readOnly = true;
      area.value = text;
      area.setAttribute("aria-label", `${form}: ${caption}`);
      area.addEventListener("blur", () => area.remove());
      tools.after(area);
      area.select();
    };
    for (const [form, make] of [["CSV", csv], ["LaTeX", latex]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `Copy ${form}`;
      button.setAttribute("aria-label", `Copy ${form}: ${caption}`);
      button.addEventListener("click", async () => {
        const text = make(table, caption);
        const done = await copyText(text, () => select(form, text));
        status.textContent = done === "Copied" ? `${form} copied` : "Selected: copy it with the keys";
      });
      tools.append(button);
    }
    tools.append(status);
    return tools;
  };

  for (const table of document.querySelectorAll(".scroll > table:not(.scores)")) {
    const area = table.parentElement;
    const caption = area.getAttribute("aria-label"); // names the record, too, beside others
    area.after(makeCopies(table, caption));
    const listed = table.tHead.rows[0].cells[0].matches("th");
    if (listed && table.tBodies[0].rows.length > FEW) {
      area.before(makeFilter(table, caption));
      makeSortable(table);
    }
  }
})();
