/* The JSON page's own script, written for the practice site: it draws the form, posts the question and shows the answer. */
(() => {
  "use strict";

  const root = document.getElementById("root");
  const API = "/back/api/";

  const FORM = `
    <form id="consultaForm" autocomplete="off" novalidate>
      <label for="documento">Número de documento</label>
      <input type="text" class="form-control" id="documento" inputmode="numeric" maxlength="12">
      <label for="eleccion">Elección</label>
      <select class="form-control" id="eleccion"><option value="">Cargando…</option></select>
      <div id="captchaBox"></div>
      <button type="submit" class="btn" id="submitBtn">Consultar</button>
    </form>
    <div id="resultado" role="status"></div>`;

  const element = (id) => document.getElementById(id);

  const node = (name, text, className = "") => Object.assign(document.createElement(name), { textContent: text, className });

  const show = (...nodes) => element("resultado").replaceChildren(...nodes);

  const drawCaptcha = () => {
    const markup = element("captcha").content;
    const widget = markup.querySelector(".g-recaptcha");
    if (!widget) {
      return;
    }
    element("captchaBox").append(widget);
    // A browser does not run a script that is copied from a template, so a new element is made.
    const api = document.createElement("script");
    api.src = markup.querySelector("script").getAttribute("src");
    document.head.append(api);
  };

  const drawElections = (reply) => {
    const options = reply.data.map(({ id, nombre }) => new Option(nombre, id));
    element("eleccion").replaceChildren(...options);
  };

  const missing = () => {
    if (!/^[0-9]{2,12}$/.test(element("documento").value)) {
      return "Digite solo números, entre 2 y 12";
    }
    if (document.querySelector(".g-recaptcha") && !window.grecaptcha?.getResponse()) {
      return "Marque el captcha: No soy un robot";
    }
    return "";
  };

  const ask = () =>
    fetch(`${API}consulta`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        documento: element("documento").value,
        eleccionId: Number(element("eleccion").value),
        captchaToken: window.grecaptcha?.getResponse() ?? "",
      }),
    }).then((response) => response.json());

  const row = ([name, value]) => {
    const line = document.createElement("tr");
    line.append(node("th", name), node("td", value));
    return line;
  };

  const receive = (reply) => {
    const lower = Object.fromEntries(Object.entries(reply).map(([name, value]) => [name.toLowerCase(), value]));
    if (!lower.ok) {
      show(node("p", lower.error, "alert"));
    } else if (lower.encontrado) {
      const table = document.createElement("table");
      table.append(...Object.entries(lower.data).map(row));
      show(table);
    } else {
      show(node("p", lower.mensaje ?? ""), node("p", lower.descripcion ?? ""));
    }
  };

  const submit = (event) => {
    event.preventDefault();
    const complaint = missing();
    if (complaint) {
      show(node("p", complaint, "alert"));
      return;
    }
    element("submitBtn").disabled = true;
    ask()
      .then(receive)
      .catch(() => show(node("p", "Ocurrió un error al procesar su solicitud", "alert")))
      .finally(() => {
        element("submitBtn").disabled = false;
        window.grecaptcha?.reset();
      });
  };

  root.innerHTML = FORM;
  element("consultaForm").addEventListener("submit", submit);
  drawCaptcha();
  fetch(`${API}elecciones`)
    .then((response) => response.json())
    .then(drawElections);
})();
