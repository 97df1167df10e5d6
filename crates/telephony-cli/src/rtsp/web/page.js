"use strict";
// The page of `telephony rtsp play --web`: buttons post actions, events bring everything back.
const $ = (id) => document.getElementById(id);
const SAMPLES = 240;
const LINES = 200;
const plots = { loss: [], rate: [], jitter: [] };

// Which buttons make sense in which state.
const enabled = {
  Init: ["start", "stop", "describe", "setup"],
  Ready: ["start", "stop", "describe", "play", "teardown"],
  Playing: ["stop", "describe", "pause", "teardown"],
};

function setState(state) {
  $("state").textContent = state;
  for (const button of document.querySelectorAll("button[data-action]")) {
    button.disabled = !(enabled[state] || enabled.Init).includes(button.dataset.action);
  }
  document.body.dataset.state = state;
}

function say(text) {
  $("message").textContent = text ? " – " + text : "";
}

function plot(name, value, least) {
  const values = plots[name];
  values.push(value);
  if (values.length > SAMPLES) values.shift();
  const top = Math.max(least, ...values);
  const points = values.map((v, i) => `${i + SAMPLES - values.length},${(58 - (v / top) * 56).toFixed(1)}`);
  $(name + "-plot").firstElementChild.setAttribute("points", points.join(" "));
}

function showFigures(figures) {
  $("frames").textContent = figures.frames;
  $("broken").textContent = figures.broken;
  $("expected").textContent = figures.expected;
  $("received").textContent = figures.received;
  $("loss").textContent = (figures.loss * 100).toFixed(2) + " %";
  $("rate").textContent = (figures.rate / 1000).toFixed(1) + " kB/s";
  $("jitter").textContent = figures.jitter.toFixed(2) + " ms";
  plot("loss", figures.loss_now, 0.05);
  plot("rate", figures.rate, 1000);
  plot("jitter", figures.jitter, 1);
}

function addLine(line) {
  const log = $("dialogue");
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
  const pre = document.createElement("pre");
  if (line.sent) pre.className = "sent";
  pre.textContent = line.text.trimEnd();
  log.append(pre);
  while (log.childElementCount > LINES) log.firstElementChild.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function reset() {
  for (const name of Object.keys(plots)) {
    plots[name].length = 0;
    $(name + "-plot").firstElementChild.removeAttribute("points");
  }
  $("dialogue").replaceChildren();
  $("description").textContent = "DESCRIBE shows it here.";
  for (const id of ["frames", "broken", "expected", "received"]) $(id).textContent = "0";
  $("loss").textContent = "0 %";
  $("rate").textContent = "0 kB/s";
  $("jitter").textContent = "0 ms";
  hidePicture();
}

function showPicture() {
  const picture = $("picture");
  if (!picture.hidden) return;
  picture.src = "/picture?" + Date.now();
  picture.hidden = false;
  $("nothing").hidden = true;
}

function hidePicture() {
  const picture = $("picture");
  picture.removeAttribute("src");
  picture.hidden = true;
  $("nothing").hidden = false;
}

async function act(action) {
  say("");
  try {
    const response = await fetch("/action/" + action, { method: "POST" });
    if (!response.ok) say(await response.text());
  } catch {
    say("the player has ended");
  }
}

for (const button of document.querySelectorAll("button[data-action]")) {
  button.addEventListener("click", () => act(button.dataset.action));
}

const events = new EventSource("/events");
events.onmessage = (message) => {
  const event = JSON.parse(message.data);
  switch (event.type) {
    case "hello":
      reset();
      $("url").textContent = event.url;
      break;
    case "state":
      setState(event.state);
      break;
    case "figures":
      setState(event.state);
      if (event.state === "Playing" || event.frames > 0) showFigures(event);
      if (event.frames > 0) showPicture();
      break;
    case "line":
      addLine(event);
      break;
    case "description":
      $("description").textContent = event.text;
      break;
    case "message":
      say(event.text);
      break;
    case "reset":
      reset();
      setState("Init");
      break;
  }
};
events.onerror = () => say("the player has ended");
setState("Init");
