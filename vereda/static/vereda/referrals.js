/* The leader's list: opening rows, marking, and, when everybody is on the page (data-whole), filtering and sorting
   without asking the server. A live update replaces rows; what was open or marked stays so. */
"use strict";

(() => {
  const table = document.getElementById("referidos");
  if (!table || !("whole" in table.dataset)) {
    const asked = location.search;
    window.addEventListener("popstate", () => {
      if (location.search !== asked) location.reload(); // an address that a page before this one has filtered to
    });
  }
  if (!table) return;

  /* Opening and closing */

  const detailOf = (button) => document.getElementById(button.getAttribute("aria-controls"));

  function setOpen(button, isOpen) {
    detailOf(button).hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
  }

  table.addEventListener("click", (event) => {
    const row = event.target.closest(".person-row");
    const isOther = event.target.closest("a, input, label, button:not(.open)");
    const isSelecting = !event.target.closest(".open") && String(getSelection());
    const button = row && !isOther && !isSelecting && row.querySelector(".open");
    if (button) setOpen(button, button.getAttribute("aria-expanded") !== "true");
  });

  /* Marking: as many as one request may carry */

  const form = document.getElementById("marcados");
  const MOST = Number(form?.dataset.most);
  const boxes = () => [...table.querySelectorAll("[name=ids]")];

  function showMarked() {
    if (!form) return;
    const marked = boxes().filter((box) => box.checked).length;
    boxes().forEach((box) => { box.disabled = !box.checked && marked >= MOST; });
    form.classList.toggle("is-on", marked > 0);
    const words = marked === 1 ? "1 persona marcada" : `${marked} personas marcadas`;
    document.getElementById("cuantas").textContent = marked >= MOST ? `${words}, el máximo` : words;
  }

  table.addEventListener("change", showMarked);
  form?.addEventListener("reset", () => setTimeout(showMarked));

  /* Live updates: what comes in is made to look like what it replaces, and said to those who do not see it */

  let news = [];
  let focused = ""; // the part of the page that has the focus when a request goes out or a swap comes in

  document.addEventListener("htmx:oobBeforeSwap", ({ detail: { target, fragment } }) => {
    const row = fragment.firstElementChild; // none when a row goes away
    if (row && target.classList.contains("person-detail")) row.hidden = target.hidden;
    if (!row || !target.classList.contains("person-row")) return;
    if (target.contains(document.activeElement)) focused = target.id;
    const box = row.querySelector("[name=ids]");
    if (box) box.checked = Boolean(target.querySelector("[name=ids]")?.checked);
    if (row.dataset.status !== target.dataset.status) news.push(`${words(row, ".open")}: ${words(row, ".badge-v")}`);
  });

  const words = (row, part) => row.querySelector(part).textContent.trim();

  document.addEventListener("htmx:afterRequest", ({ detail: { elt, target, successful } }) => {
    if (elt === form && successful) form.reset();
    if (successful && target.id.endsWith("-cedula")) news.push(target.textContent);
    [...table.tBodies].filter((body) => !body.rows.length).forEach((body) => body.remove());
    const all = document.getElementById("cuenta-todos");
    if (all && Number(all.textContent) !== table.tBodies.length) delete table.dataset.whole; // somebody came or went
    tellRoles();
    if (news.length) document.getElementById("cambios").textContent = news.join(". ");
    news = [];
    table.querySelectorAll(".open").forEach((button) => setOpen(button, !detailOf(button).hidden));
    showMarked();
    showWhat();
    giveFocusBack();
  });

  document.addEventListener("htmx:beforeRequest", () => {
    focused = document.activeElement.closest(".person-row, #marcados, #todos, #avance")?.id || "";
  });

  /* A control that is gone leaves the focus to its row; the button for all and its progress, to each other */

  function giveFocusBack() {
    const active = document.activeElement;
    const isLost = active === document.body || !active.getClientRects().length;
    const heir = { todos: "#avance button", avance: "#todos button" }[focused] || (focused && `#${focused} .open`);
    if (isLost && focused) (document.querySelector(heir) || table.querySelector(".open"))?.focus({ preventScroll: true });
    focused = "";
  }

  /* Filtering and sorting */

  const chips = [...document.querySelectorAll("[data-group]")];
  const sorts = [...table.querySelectorAll("[data-order]")];
  const statuses = (group) => chips.find((chip) => chip.dataset.group === group).dataset.statuses.split(" ");
  const PLACES = ["nombre", "cedula", "fecha"];

  function shown() {
    const asked = new URLSearchParams(location.search);
    return { group: asked.get("estado") || "todos", order: asked.get("orden") || "-fecha" };
  }

  const place = (body, name) => Number(body.dataset.places.split(" ")[PLACES.indexOf(name)]);
  const statusOf = (body) => body.querySelector(".person-row").dataset.status;

  function compared(order) {
    const name = order.replace("-", "");
    const sign = order.startsWith("-") ? -1 : 1;
    if (name !== "estado") return (a, b) => sign * (place(a, name) - place(b, name));
    const ranks = statuses("todos");
    const rank = (body) => ranks.indexOf(statusOf(body));
    return (a, b) => sign * (rank(a) - rank(b)) || place(b, "fecha") - place(a, "fecha");
  }

  function showWhat() {
    const { group } = shown();
    const all = document.getElementById("todos");
    if (all) all.hidden = !all.dataset.when.split(" ").includes(group);
  }

  function show() {
    const { group, order } = shown();
    const bodies = [...table.tBodies];
    for (const body of bodies) {
      body.hidden = group !== "todos" && !statuses(group).includes(statusOf(body));
      const box = body.querySelector("[name=ids]");
      if (box && body.hidden) box.checked = false;
    }
    table.append(...bodies.sort(compared(order)));
    document.getElementById("nadie").hidden = bodies.some((body) => !body.hidden);
    for (const chip of chips) {
      if (chip.dataset.group === group) chip.setAttribute("aria-current", "page");
      else chip.removeAttribute("aria-current");
      chip.href = address({ estado: chip.dataset.group === "todos" ? "" : chip.dataset.group });
    }
    for (const sort of sorts) {
      const name = sort.dataset.order;
      const now = { [name]: "ascending", [`-${name}`]: "descending" }[order] || "none";
      sort.closest("th").setAttribute("aria-sort", now);
      const next = now === "ascending" ? `-${name}` : name;
      sort.href = address({ orden: next === "-fecha" ? "" : next });
    }
    document.querySelectorAll("[data-print-address]").forEach((link) => { link.search = location.search; });
    document.querySelectorAll("input[name=estado]").forEach((field) => { field.value = group; });
    document.querySelectorAll("input[name=orden]").forEach((field) => { field.value = order; });
    showMarked();
    showWhat();
  }

  function address(changes) {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) value ? query.set(name, value) : query.delete(name);
    const text = String(query);
    return location.pathname + (text && `?${text}`);
  }

  /* Cards on a phone are still a table to those who hear it */

  const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell", TH: "columnheader" };

  function tellRoles() {
    for (const part of [table, ...table.querySelectorAll("thead, tbody, tr, td, th")]) {
      part.setAttribute("role", part.scope === "row" ? "rowheader" : ROLES[part.tagName]);
    }
  }

  tellRoles();
  showMarked();
  document.querySelector(".chip[aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  if (!("whole" in table.dataset)) return;

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-group], [data-order]");
    if (!link || !("whole" in table.dataset) || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.pushState({}, "", link.href);
    show();
  });

  window.addEventListener("popstate", () => ("whole" in table.dataset ? show() : location.reload()));
})();
