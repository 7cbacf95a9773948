// Uploads in pieces that survive a broken line (tus 1.0). Without this the form does the same at once.
const VERSION = "1.0.0";
const PIECE = 1024 * 1024;
const TRIES = 6;

const form = document.querySelector("form[data-uploads]");
// Uploads under way, and the button that was pressed meanwhile: it is pressed again when they are done.
let underWay = 0;
let pressed = null;

if (form && window.fetch && window.Blob) {
  for (const field of form.querySelectorAll("input[type=file][data-material]")) {
    field.addEventListener("change", () => sendAll(field));
  }
  form.addEventListener("submit", (event) => {
    if (!underWay) return;
    event.preventDefault();
    pressed = event.submitter;
  });
}

async function sendAll(field) {
  const files = [...field.files];
  let taken = 0;
  underWay += 1;
  for (const file of files) {
    const line = lineFor(field, file);
    try {
      await send(field, file, line);
      line.textContent = `${file.name} ✓`;
      taken += 1;
    } catch (problem) {
      line.classList.add("upload__failed");
      line.textContent = `${file.name}: ${problem.message}`;
    }
  }
  field.value = "";
  underWay -= 1;
  if (taken < files.length) pressed = null; // What was not taken is read first.
  if (underWay || taken < files.length) return;
  if (pressed) form.requestSubmit(pressed);
  // Not a reload: a page that answered a press of «next» would send that press once more.
  else if (taken) location.assign(location.pathname + location.search);
}

function lineFor(field, file) {
  const line = document.createElement("p");
  line.className = "upload__progress";
  line.setAttribute("role", "status");
  field.before(line);
  line.textContent = file.name;
  return line;
}

async function send(field, file, line) {
  if (file.size > Number(field.dataset.most) * 1024 * 1024) throw new Error(form.dataset.large);
  const memory = `upload ${form.dataset.draft} ${field.dataset.material} ${file.name} ${file.size} ${file.lastModified}`;
  const bar = document.createElement("progress");
  bar.max = file.size;
  bar.setAttribute("aria-label", `${form.dataset.sending} ${file.name}`);
  line.append(" ", bar);
  let url = localStorage.getItem(memory);
  let offset = url ? await standsAt(url) : null;
  if (offset === null) {
    url = await begin(field, file);
    localStorage.setItem(memory, url);
    offset = 0;
  }
  for (let failed = 0; offset < file.size; ) {
    bar.value = offset;
    try {
      offset = await patch(url, file, offset);
      failed = 0;
    } catch (problem) {
      if (problem.refused || ++failed > TRIES) {
        if (problem.refused) localStorage.removeItem(memory);
        throw problem.refused ? problem : new Error(form.dataset.stopped);
      }
      bar.title = form.dataset.waiting;
      await new Promise((go) => setTimeout(go, 500 * 2 ** failed));
      const stands = await standsAt(url).catch(() => offset);
      if (stands === null) throw new Error(form.dataset.stopped);
      offset = stands;
    }
  }
  localStorage.removeItem(memory);
}

function ask(url, method, headers, body) {
  const token = form.querySelector("input[name=csrfmiddlewaretoken]").value;
  return fetch(url, {
    method,
    body,
    credentials: "same-origin",
    headers: { "Tus-Resumable": VERSION, "X-CSRFToken": token, ...headers },
  });
}

async function refusal(answer) {
  let said = form.dataset.refused;
  try {
    said = (await answer.json()).detail || said;
  } catch {
    // An answer without words: ours have to do.
  }
  const problem = new Error(said);
  problem.refused = answer.status >= 400 && answer.status < 500 && answer.status !== 409 && answer.status !== 429;
  return problem;
}

async function begin(field, file) {
  const told = { draft: form.dataset.draft, material: field.dataset.material, filename: file.name };
  const metadata = Object.entries(told).map(([key, value]) => `${key} ${base64(value)}`).join(",");
  const answer = await ask(form.dataset.uploads, "POST", {
    "Upload-Length": String(file.size),
    "Upload-Metadata": metadata,
  });
  if (answer.status !== 201) throw await refusal(answer);
  return answer.headers.get("Location");
}

async function standsAt(url) {
  const answer = await ask(url, "HEAD", {});
  return answer.ok ? Number(answer.headers.get("Upload-Offset")) : null;
}

async function patch(url, file, offset) {
  const answer = await ask(
    url,
    "PATCH",
    { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) },
    file.slice(offset, offset + PIECE),
  );
  if (answer.status !== 204) throw await refusal(answer);
  return Number(answer.headers.get("Upload-Offset"));
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
