"use strict";
(() => {
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const status = document.getElementById("said");
  const say = (text) => { status.textContent = text; };

  // Tables are sorted by a button in each heading: up, down. Empty cells stay at the end, equal ones in their order.
  const number = (text) => parseFloat(text.replace(/\u2212/g, "-").replace(/,(?=\d{3})/g, "").replace(/^[<>≤≥~\s]+/, ""));
  const order = (column, numeric, sign) => (a, b) => {
    const [x, y] = [a, b].map((row) => row.cells[column].textContent.trim());
    if (!x || !y) return (x ? 0 : 1) - (y ? 0 : 1);
    return sign * (numeric ? number(x) - number(y) : x.localeCompare(y, "en", { numeric: true }));
  };
  for (const table of all("main table")) {
    const body = table.tBodies[0];
    if (!table.tHead || body.rows.length < 2) continue;
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of heads) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        body.append(...[...body.rows].sort(order(column, head.classList.contains("num"), up ? 1 : -1)));
        say(`Sorted by ${button.textContent}, ${up ? "ascending" : "descending"}`);
      });
    });
  }

  // A box that needs no scrolling is no stop of the tabulator key.
  const boxes = all(".scroll");
  const fit = (box) => {
    if (box.scrollWidth > box.clientWidth + 1) box.setAttribute("tabindex", "0");
    else box.removeAttribute("tabindex");
  };
  const watch = new ResizeObserver((entries) => entries.forEach((entry) => fit(entry.target)));
  boxes.forEach((box) => watch.observe(box));

  for (const quote of all(".quote")) {
    const button = document.createElement("button");
    const text = quote.querySelector("blockquote");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text.textContent);
        say("Copied");
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(text);
        say("Selected: copy it with the keyboard");
      }
    });
    quote.querySelector("figcaption").append(" ", button);
  }

  // What is folded away is printed too, also by browsers whose style sheets cannot open it.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details:not([open])");
    for (const part of opened) part.open = true;
  });
  addEventListener("afterprint", () => { for (const part of opened) part.open = false; });
})();
