// What is kept elsewhere: requests, the events of a running turn, and the list of conversations.
// SPDX-License-Identifier: Apache-2.0

import { make } from './transcript.js';

export const $ = (id) => document.getElementById(id);

/** What the server refused, or why it was not reached. */
class Failure extends Error {
  constructor(status, { code = 'unreachable', message, remedy = '' }, retryAfter = 0) {
    super(message);
    Object.assign(this, { status, code, remedy, retryAfter });
  }

  /** Whether the same request may succeed later. */
  get isPassing() { return this.status === 0 || this.status === 429 || this.status >= 502; }

  get text() { return this.remedy ? `${this.message}: ${this.remedy}` : this.message; }
}

const unreachable = { message: 'the server does not answer', remedy: 'check that amaru serve still runs' };

/** Sends a request; returns what its answer holds. Addresses are relative to the page. */
export async function api(path, { method = 'GET', body } = {}) {
  let response;
  try {
    response = await fetch(`api/${path}`, {
      method,
      // Half a character, as it may be typed or pasted, is no text that is understood elsewhere.
      body: body && JSON.stringify(body, (_, value) => value?.toWellFormed?.() ?? value),
      headers: body && { 'content-type': 'application/json' },
      cache: 'no-store',
      signal: AbortSignal.timeout?.(20_000),
    });
  } catch {
    throw new Failure(0, unreachable);
  }
  const text = await response.text().catch(() => { throw new Failure(0, unreachable); });
  let data = null;
  try { data = JSON.parse(text); } catch { /* An empty answer, or a proxy's page. */ }
  if (response.ok) return data;
  const error = data?.error ?? { code: 'status', message: `the server answered with ${response.status}` };
  throw new Failure(response.status, error, Number(response.headers.get('retry-after')) || 0);
}

/** As `api`, again after a while when the server is busy or gone, so that nothing is sent twice. */
export async function insist(path, options, waiting = () => {}) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await api(path, options);
    } catch (failure) {
      if (!failure.isPassing || attempt === 5) throw failure;
      const seconds = Math.min(failure.retryAfter || 2 ** (attempt - 1), 30);
      waiting(failure, seconds);
      await pause(1000 * seconds);
    }
  }
}

/** What a tab keeps: the draft of each conversation, and the messages that wait in it. */
export const kept = (key) => { try { return sessionStorage.getItem(key) ?? ''; } catch { return ''; } };

export function keep(key, text) {
  try {
    if (text) sessionStorage.setItem(key, text);
    else sessionStorage.removeItem(key);
  } catch { /* Storage is off, or full. */ }
}

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** A random UUID, also where `crypto.randomUUID` is missing: on plain http, away from localhost. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

// None of these is one of EventSource's own but `error`, which has data if it is the server's.
const names = ['reset', 'block', 'code', 'reasoning', 'notice', 'file', 'status', 'error', 'done'];
/** Silence after which a connection counts as dead: the server's own signs of life are not seen. */
const silence = 45_000;
const pollEvery = 5_000;

/**
 * Follows a turn by its events, until it is done.
 *
 * A browser has six connections to a server, so a tab that is hidden asks now and then instead.
 */
export class TurnStream {
  #turn; #take; #poll; #connected;
  #source; #timer; #last = ''; #tries = 0; #isClosed = false;

  /**
   * @param take Called with each event's name and data.
   * @param poll Called to ask how the turn stands; closes the stream when it has ended.
   * @param connected Called with whether there is a connection.
   */
  constructor(turn, { take, poll, connected }) {
    this.#turn = turn;
    this.#take = take;
    this.#poll = poll;
    this.#connected = connected;
    document.addEventListener('visibilitychange', this.#resume);
    window.addEventListener('online', this.#resume);
    this.#resume();
  }

  close() {
    this.#isClosed = true;
    this.#drop();
    document.removeEventListener('visibilitychange', this.#resume);
    window.removeEventListener('online', this.#resume);
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = undefined;
  }

  #after(milliseconds, action) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, milliseconds);
  }

  #resume = () => {
    if (this.#isClosed) return;
    this.#drop();
    if (document.hidden) this.#ask(pollEvery);
    else this.#open();
  };

  #ask(milliseconds) {
    this.#after(milliseconds, async () => {
      await this.#poll();
      if (!this.#isClosed) this.#resume();
    });
  }

  #open() {
    const after = this.#last ? `?after=${encodeURIComponent(this.#last)}` : '';
    const source = new EventSource(`api/turns/${encodeURIComponent(this.#turn)}/events${after}`);
    this.#source = source;
    this.#after(silence, this.#resume);
    source.onopen = () => this.#connected(true);
    const take = (event) => {
      if (source !== this.#source) return;
      if (event.data === undefined) return this.#fail();
      this.#last = event.lastEventId || this.#last;
      this.#tries = 0;
      this.#after(silence, this.#resume);
      this.#take(event.type, JSON.parse(event.data));
    };
    for (const name of names) source.addEventListener(name, take);
  }

  /** The browser connects again by itself, unless the server refused, or said that it's over. */
  #fail() {
    this.#connected(false);
    if (this.#source.readyState !== EventSource.CLOSED) return;
    this.#drop();
    this.#ask(Math.min(500 * 2 ** this.#tries++, 15_000));
  }
}

/* The list */

/** The conversations of the sidebar, each with a menu. */
export class ConversationList {
  #page; #number = 0; #all = []; #typing; #chosen;

  /**
   * @param page What the list tells the page: `attempt`, `current`, `changed`, `titled`, `removed`, `refused`.
   */
  constructor(page) {
    this.#page = page;
    $('search').addEventListener('input', () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.load(), 200);
    });
    $('more').addEventListener('click', () => this.load(this.#all.at(-1)?.changed));
    $('rename').addEventListener('click', () => this.#choose((chosen) => this.#rename(chosen)));
    $('delete').addEventListener('click', () => this.#choose((chosen) => this.#remove(chosen)));
  }

  get isMenuOpen() { return Boolean($('options').popover) && $('options').matches(':popover-open'); }

  /** Shows the list, or the next part of it. */
  async load(before) {
    const number = ++this.#number;
    const query = new URLSearchParams({ limit: 40 });
    if ($('search').value.trim()) query.set('search', $('search').value.trim());
    if (before !== undefined) query.set('before', before);
    try {
      const { conversations, more } = await api(`conversations?${query}`);
      if (number !== this.#number) return;
      this.#all = before === undefined ? conversations : [...this.#all, ...conversations];
      $('more').hidden = !more;
      this.#show();
    } catch (failure) {
      this.#page.refused(failure);
    }
  }

  #show() {
    const focused = document.activeElement?.closest('#conversations li > *');
    // A name that is being typed stays.
    if (focused?.matches('form')) return;
    const id = focused?.parentElement.dataset.id;
    $('conversations').replaceChildren(...this.#all.map((one) => this.#entry(one)));
    $('no-conversations').hidden = this.#all.length > 0 || !$('search').value.trim();
    this.mark();
    if (focused) this.#item(id)?.querySelector(focused.tagName)?.focus();
    const current = this.#page.current();
    const title = this.#all.find((one) => one.id === current.id)?.title;
    if (title && title !== current.title) this.#page.titled(title);
  }

  #item(id) { return Array.from($('conversations').children).find((item) => item.dataset.id === id); }

  #entry({ id, title }) {
    const name = title || 'Untitled';
    const button = make('button', { type: 'button', className: 'tool', textContent: '⋯', label: `Options: ${name}`, popoverTargetElement: $('options') });
    button.onclick = () => {
      this.#chosen = { id, name };
      for (const one of ['rename', 'delete']) $(one).setAttribute('aria-label', `${$(one).textContent}: ${name}`);
      const { top, bottom, right } = button.getBoundingClientRect();
      const isLow = bottom + 100 > innerHeight;
      Object.assign($('options').style, { right: `${innerWidth - right}px`, top: isLow ? 'auto' : `${bottom}px`, bottom: isLow ? `${innerHeight - top}px` : 'auto' });
    };
    return make('li', { data: { id } },
      make('a', { href: `#c=${encodeURIComponent(id)}`, textContent: name, dir: 'auto' }), button);
  }

  #choose(action) {
    $('options').hidePopover?.();
    if (this.#chosen) action(this.#chosen);
  }

  /** Marks the conversation that is shown. */
  mark() {
    for (const { dataset, firstElementChild: link } of $('conversations').children) {
      if (dataset.id === this.#page.current().id) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }

  #rename({ id, name }) {
    const item = this.#item(id);
    if (!item) return;
    const field = make('input', { value: name, label: 'Name of the conversation', maxLength: 200 });
    const form = make('form', { className: 'naming' }, field);
    let isOver = false;
    const end = this.#page.attempt(async (isWanted, isLeft = false) => {
      if (isOver) return;
      isOver = true;
      form.remove();
      item.classList.remove('named');
      if (!isLeft) item.querySelector('button').focus();
      const title = field.value.trim();
      if (isWanted && title && title !== name) {
        await api(`conversations/${encodeURIComponent(id)}`, { method: 'PATCH', body: { title } });
      }
      this.#page.changed(id);
    });
    form.onsubmit = (event) => { event.preventDefault(); end(true); };
    field.onblur = () => end(true, true);
    field.onkeydown = (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      end(false);
    };
    item.classList.add('named');
    item.append(form);
    field.select();
  }

  async #remove({ id, name }) {
    const dialog = $('confirm');
    $('confirm-text').textContent = `Delete “${name}”? Its messages are lost.`;
    dialog.returnValue = '';
    dialog.showModal();
    await new Promise((done) => dialog.addEventListener('close', done, { once: true }));
    if (dialog.returnValue !== 'yes') return this.#item(id)?.querySelector('button').focus();
    await this.#page.attempt(async () => {
      await api(`conversations/${encodeURIComponent(id)}`, { method: 'DELETE' });
      this.#page.removed(id);
      this.#page.changed(id);
    })();
  }
}
