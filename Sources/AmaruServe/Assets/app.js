// The page: a conversation, the list of all, and the way in.
// SPDX-License-Identifier: Apache-2.0

import { $, api, ConversationList, insist, keep, kept, pause, TurnStream, uuid } from './conversations.js';
import { Follower, isSendKey, make, TurnView } from './transcript.js';

const [chatbox, turns, input, sidebar] = ['chatbox', 'turns', 'user-input', 'sidebar'].map($);
const follower = new Follower(chatbox, turns, $('jump'));

/** The conversation that is shown: its identifier, if it has one yet, its model, its turns, and what waits. */
let current = { id: null, title: '', model: '', views: [], queue: [] };
let server = { title: 'Amaru' };
let isSending = false;

/* Saying things */

function alertWith(text) {
  $('alert').textContent = text;
  $('alert').hidden = !text;
}

/** What a screen reader says: only that an answer begins, and that it is there. */
function announce(text) {
  if ($('status').textContent !== text) $('status').textContent = text;
}

function fail(failure) {
  if (failure.status === 401) return showLogin();
  alertWith(failure.text ?? String(failure));
}

/** Runs what the user asked for, and says what went wrong. */
const attempt = (action) => async (...values) => {
  alertWith('');
  try { await action(...values); } catch (failure) { fail(failure); }
};

const list = new ConversationList({
  attempt, changed,
  current: () => current,
  titled: (title) => { current.title = title; showState(); },
  removed: (id) => { if (id === current.id) openNew(); input.focus(); },
  refused: (failure) => { if (failure.status === 401) showLogin(); },
});

/* Other tabs */

const channel = 'BroadcastChannel' in window ? new BroadcastChannel(`amaru ${location.pathname}`) : null;

function changed(id) {
  channel?.postMessage(id);
  list.load();
}

channel?.addEventListener('message', ({ data }) => {
  list.load();
  if (data === current.id) refresh();
});

document.addEventListener('visibilitychange', () => {
  if (document.hidden || $('app').hidden) return;
  refresh();
  look();
});

/* The conversation */

const running = () => current.views.find((view) => view.isRunning);

function showState() {
  const isRunning = Boolean(running());
  const title = current.title || 'New chat';
  $('title').textContent = title;
  document.title = `${isRunning ? '● ' : ''}${title} · ${server.title}`;
  const hadFocus = document.activeElement === $('stop-button');
  $('stop-button').hidden = !isRunning;
  showSend();
  if (hadFocus && !isRunning) input.focus();
  $('empty').hidden = current.views.length > 0;
  chatbox.setAttribute('aria-busy', isRunning);
}

/** While an answer comes, what is typed can be sent, to wait for its end. */
function showSend() { $('send-button').hidden = Boolean(running()) && !input.value.trim(); }

/** Shows a conversation from the server, and leaves what is right already as it is. */
function show({ id, title, model = '', turns: all }) {
  const known = new Map(current.views.map((view) => [view.id, view]));
  if (id !== current.id) known.clear();
  const over = [];
  const views = all.map((turn) => {
    const view = known.get(turn.id) ?? new TurnView(turn.question, actions);
    const wasFollowed = Boolean(view.stream);
    view.update(turn);
    if (wasFollowed && !view.isRunning) over.push(view);
    return view;
  });
  for (const view of current.views) {
    if (views.includes(view)) continue;
    view.close();
    view.element.remove();
  }
  views.forEach((view, i) => {
    if (turns.children[i] !== view.element) turns.insertBefore(view.element, turns.children[i] ?? null);
  });
  current = { id, title, model, views, queue: id === current.id ? current.queue : [] };
  showModels();
  dropSent();
  for (const view of views) if (view.isRunning) follow(view);
  for (const view of over) ended(view);
  showState();
}

/** Counts refreshes and messages: what the server said before the newest of them is out of date. */
let revision = 0;

/** Asks the server for the conversation; it may have gone on elsewhere. */
async function refresh() {
  const { id } = current;
  if (!id || isSending) return;
  const asked = ++revision;
  try {
    const conversation = await api(`conversations/${encodeURIComponent(id)}`);
    if (id === current.id && asked === revision) show({ ...conversation, id });
  } catch (failure) {
    if (failure.status === 401) showLogin();
    else if (failure.status === 404 && id === current.id) openNew();
  }
}

function follow(view) {
  if (view.stream) return;
  announce('Generating');
  view.stream = new TurnStream(view.id, {
    connected: (isConnected) => view.connected(isConnected),
    poll: refresh,
    take: (name, data) => {
      view.take(name, data);
      if (name !== 'done') return;
      ended(view);
      changed(current.id);
    },
  });
}

function ended(view) {
  view.close();
  announce({ finished: 'Response complete', stopped: 'Stopped' }[view.state] ?? 'Response incomplete');
  look();
  showState();
  sendWaiting();
}

function openNew() {
  show({ id: null, title: '', turns: [] });
  history.replaceState(null, '', location.pathname + location.search);
  restore();
  list.mark();
}

let opening = 0;

const open = attempt(async (id) => {
  const number = ++opening;
  closeSidebar();
  if (!id) return openNew();
  try {
    const conversation = await insist(`conversations/${encodeURIComponent(id)}`);
    if (number !== opening) return;
    show({ ...conversation, id });
  } catch (failure) {
    if (number !== opening) return;
    if (failure.status === 404) openNew();
    throw failure;
  }
  restore();
  list.mark();
  follower.follow();
});

/** The conversation that the address names. */
const named = () => new URLSearchParams(location.hash.slice(1)).get('c');

window.addEventListener('hashchange', () => {
  if (location.hash.startsWith('#t=')) return enter();
  if (named() !== current.id) open(named());
});

/* The model */

const models = $('model-choice');
const modelKey = ({ id } = current) => `model ${id ?? ''}`;
/** The model of the conversation, if it cannot be asked here. */
let missing = '';

/** Shows which models there are, and which one this conversation asks; nothing if there is only one. */
function showModels() {
  const names = server.models ?? [];
  const isChoice = names.length > 1;
  $('models').hidden = !isChoice;
  $('model').textContent = isChoice ? '' : server.model ?? '';
  const wanted = kept(modelKey()) || current.model || names[0];
  missing = isChoice && !names.includes(wanted) ? wanted : '';
  const shown = [...models.options].map((option) => option.value);
  const all = missing ? [missing, ...names] : names;
  if (`${shown}` !== `${all}`) {
    models.replaceChildren(...all.map((name) => make('option', {
      value: name, textContent: name === missing ? `Not offered here: ${name}` : name, disabled: name === missing,
    })));
  }
  models.value = wanted;
  models.setAttribute('aria-invalid', Boolean(missing));
}

models.addEventListener('change', () => {
  keep(modelKey(), models.value);
  alertWith('');
  showModels();
});

/** Why nothing can be sent now; empty if it can. */
const obstacle = () => (server.fault ? refusal() : missing && `The model ${missing} is not offered here. Choose another one.`);

/* Sending */

/** Not on a touch screen, where it would bring up the keyboard. */
function focusInput() {
  if (matchMedia('(hover: hover)').matches) input.focus();
}

const draftKey = ({ id } = current) => `draft ${id ?? ''}`;

/** Called after each change of what is in the box. */
function typed() {
  keep(draftKey(), input.value);
  fit();
  showSend();
}

function write(text) {
  input.value = text;
  typed();
}

/** Shows what is kept of the conversation that has been opened. */
function restore() {
  write(kept(draftKey()));
  try { current.queue = current.id ? JSON.parse(kept(`queue ${current.id}`)) : []; } catch { current.queue = []; }
  showQueue();
  dropSent();
  sendWaiting();
}

function fit() {
  input.style.height = 'auto';
  input.style.height = `${input.scrollHeight + 2}px`;
}

/** Sends a message; at the end of the branch, or beside the turn that it replaces. */
const send = attempt(async (message, { replaced, request, model } = {}) => {
  if (isSending || running()) return;
  if (obstacle()) return alertWith(obstacle());
  isSending = true;
  revision += 1;
  const index = replaced ? current.views.indexOf(replaced) : current.views.length;
  const view = new TurnView(message, actions);
  const hidden = current.views.splice(index, Infinity, view);
  for (const other of hidden) other.element.remove();
  turns.append(view.element);
  showState();
  // Who reads on while a message waits stays there.
  if (!request) follower.follow();
  // The button that was pressed is gone.
  if (replaced) focusInput();
  const body = { message, request: request ?? uuid() };
  if (replaced) body.parent = current.views[index - 1]?.id ?? null;
  if (!$('models').hidden) body.model = model ?? models.value;
  const shown = current;
  const wait = (failure, seconds) => view.take('status', { text: `${failure.message}; trying again in ${seconds} s …` });
  try {
    if (!current.id) {
      const { id } = await insist('conversations', { method: 'POST', body: {} }, wait);
      shown.id = id;
      if (shown === current) {
        history.replaceState(null, '', `#c=${encodeURIComponent(id)}`);
        keep('draft ', '');
        keep(draftKey(), input.value);
        keep(modelKey(), kept('model '));
        keep('model ', '');
      }
    }
    const path = `conversations/${encodeURIComponent(shown.id)}/turns`;
    view.id = (await insist(path, { method: 'POST', body }, wait)).turn;
    view.connected(true);
    shown.model = body.model ?? shown.model;
    keepQueue(shown);
  } catch (failure) {
    view.element.remove();
    shown.views.splice(index, 1, ...hidden);
    if (shown === current) turns.append(...hidden.map((other) => other.element));
    giveBack(shown, message === replaced?.question ? '' : message);
    look();
    throw failure;
  } finally {
    isSending = false;
    showState();
    // In another conversation, something may have waited for this.
    sendWaiting();
  }
  if (shown === current) {
    view.setState('running');
    follow(view);
    showState();
    await refresh();
  }
  changed(shown.id);
});

/* Messages that wait for the end of an answer */

const mostWaiting = 20;

/** Called when the server has the messages that are no longer in the queue. */
function keepQueue({ id, queue } = current) {
  if (id) keep(`queue ${id}`, queue.length ? JSON.stringify(queue) : '');
}

function showQueue() {
  $('queue').hidden = !current.queue.length;
  $('queue').replaceChildren(...current.queue.map((entry) => {
    const button = make('button', { type: 'button', className: 'tool', textContent: 'Take back', label: `Take back: ${entry.message.slice(0, 80)}` });
    button.onclick = () => {
      current.queue = current.queue.filter((other) => other !== entry);
      putBack(current, entry.message);
      input.focus();
    };
    return make('li', {}, make('span', { className: 'waits', textContent: entry.message, dir: 'auto' }),
      make('span', { className: 'note', textContent: 'Waiting' }), button);
  }));
}

/** Drops what the server has: its receipt was lost, or another tab has sent it. */
function dropSent() {
  const isWaiting = ({ request }) => !current.views.some((view) => view.request?.endsWith(request));
  const left = current.queue.filter(isWaiting);
  if (left.length === current.queue.length) return;
  current.queue = left;
  keepQueue();
  showQueue();
}

function enqueue(message) {
  // The name of the request is kept with it, so that no two tabs send it twice.
  current.queue.push({ message, request: uuid(), model: models.value });
  keepQueue();
  showQueue();
  announce('Message waiting');
}

/** Sends the next message, if the answer is complete; else all of them go back to the box. */
function sendWaiting() {
  if (!current.queue.length || isSending || running()) return;
  if (current.views.at(-1)?.state !== 'finished' || obstacle()) return giveBack(current);
  const { message, request, model } = current.queue.shift();
  showQueue();
  send(message, { request, model });
}

/** Puts messages into the box of a conversation, before what is there. */
function putBack(conversation, ...messages) {
  const isShown = conversation === current;
  const text = [...messages, isShown ? input.value : kept(draftKey(conversation))].filter(Boolean).join('\n\n');
  keepQueue(conversation);
  if (!isShown) return keep(draftKey(conversation), text);
  write(text);
  showQueue();
}

function giveBack(conversation, ...messages) {
  putBack(conversation, ...messages, ...conversation.queue.splice(0).map(({ message }) => message));
}

const actions = {
  send: (view, message) => send(message, { replaced: view }),
  pick: attempt(async (id) => {
    if (running()) return;
    await api(`conversations/${encodeURIComponent(current.id)}`, { method: 'PATCH', body: { head: id } });
    await refresh();
    changed(current.id);
  }),
};

const stop = attempt(async () => {
  giveBack(current);
  const view = running();
  if (view?.id) await insist(`turns/${encodeURIComponent(view.id)}/stop`, { method: 'POST', body: {} });
});

$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const message = input.value;
  if (!message.trim()) return;
  if (obstacle()) return alertWith(`${obstacle()} Your message stays here.`);
  const isBusy = isSending || running();
  if (isBusy && current.queue.length >= mostWaiting) return alertWith('Too many messages are waiting.');
  write('');
  input.focus();
  if (isBusy) enqueue(message);
  else send(message);
});

input.addEventListener('keydown', (event) => {
  if (isSendKey(event)) {
    event.preventDefault();
    $('composer').requestSubmit();
  } else if ((event.key === 'PageUp' || event.key === 'PageDown') && input.scrollHeight <= input.clientHeight + 2) {
    event.preventDefault();
    follower.page(event.key === 'PageUp' ? -0.9 : 0.9);
  }
});
input.addEventListener('input', typed);
$('stop-button').addEventListener('click', stop);
$('jump').addEventListener('click', () => input.focus());

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || event.isComposing || event.target.value && event.target !== input) return;
  if (list.isMenuOpen) return;
  if (sidebar.classList.contains('open')) closeSidebar();
  else if (!$('confirm').open) stop();
});

$('new-chat').addEventListener('click', () => { open(null); input.focus(); });

function closeSidebar() {
  if (!sidebar.classList.contains('open')) return;
  sidebar.classList.remove('open');
  $('shade').hidden = true;
  $('menu').setAttribute('aria-expanded', 'false');
  $('menu').focus();
}

$('menu').addEventListener('click', () => {
  if (sidebar.classList.contains('open')) return closeSidebar();
  sidebar.classList.add('open');
  $('shade').hidden = false;
  $('menu').setAttribute('aria-expanded', 'true');
  $('new-chat').focus();
});
$('shade').addEventListener('click', closeSidebar);

/* The way in */

function showLogin(text = '') {
  $('loading').hidden = true;
  for (const view of current.views) view.close();
  $('app').hidden = true;
  $('login').hidden = false;
  $('login-error').textContent = text;
  $('login-error').hidden = !text;
  $('token').value = '';
  $('token').focus();
}

async function login(token) {
  try {
    await api('login', { method: 'POST', body: { token } });
  } catch (failure) {
    return showLogin(failure.status === 401 || failure.status === 403 ? 'That token is not accepted.' : failure.text);
  }
  await start();
}

$('login').firstElementChild.addEventListener('submit', (event) => {
  event.preventDefault();
  login($('token').value.trim());
});

/** Begins with what the address holds; a token is taken out of it before anything else. */
async function enter() {
  if (!location.hash.startsWith('#t=')) return start();
  let token = location.hash.slice(3);
  history.replaceState(null, '', location.pathname + location.search);
  try { token = decodeURIComponent(token); } catch { /* Then it is no token, and refused. */ }
  await login(token);
}

async function start() {
  let state;
  try {
    state = await insist('state', {}, (failure) => showFault(failure));
  } catch (failure) {
    if (failure.status === 401) return showLogin();
    showFault(failure);
    await pause(5000);
    return start();
  }
  $('login').hidden = true;
  $('app').hidden = false;
  showServer(state);
  list.load();
  await open(named());
  focusInput();
}

const isWell = () => !server.fault && !server.warning && server.ready !== false;

function showServer(state) {
  if (server.fault && !state.fault) alertWith('');
  server = { ...state, title: state.title || 'Amaru' };
  $('greeting').textContent = server.title;
  $('source').textContent = state.fault ? refusal() : state.ready === false ? `${state.script ?? 'The chat'} is starting …`
    : state.script ? `${state.script} answers on this server.` : state.model && !state.models?.[1] ? `${state.model} answers.` : '';
  $('about').textContent = `Amaru ${state.version ?? ''}`;
  input.placeholder = state.fault ? refusal() : 'Type your message…';
  $('send-button').disabled = Boolean(state.fault);
  showFault(state.fault ?? state.warning);
  showModels();
  showState();
  clearTimeout(watch);
  if (!isWell()) watch = setTimeout(look, 2000);
}

const refusal = () => `${server.script ?? 'The chat'} does not answer.`;

let watch;

/** Looks how the server is; now and then, as long as something is wrong. */
async function look() {
  clearTimeout(watch);
  try { showServer(await api('state')); } catch (failure) {
    if (failure.status === 401) showLogin();
    else if (!isWell()) watch = setTimeout(look, 2000);
  }
}

/** Shows why the script doesn't run, what else is wrong, or why the server isn't reached. */
function showFault(fault) {
  const box = $('fault');
  const text = fault ? fault.text ?? [fault.message, fault.remedy].filter(Boolean).join(': ') : '';
  if (box.textContent !== text) box.textContent = text;
  box.hidden = !text;
  $('loading').hidden = true;
  $('app').hidden = !$('login').hidden;
}

enter();
