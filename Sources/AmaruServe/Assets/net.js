// Requests to the server, and the events of a running turn.
// SPDX-License-Identifier: Apache-2.0

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
      body: body && JSON.stringify(body),
      headers: body && { 'content-type': 'application/json' },
      cache: 'no-store',
      signal: AbortSignal.timeout?.(20_000),
    });
  } catch {
    throw new Failure(0, unreachable);
  }
  const text = await response.text().catch(() => '');
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
const names = ['reset', 'block', 'code', 'reasoning', 'notice', 'status', 'error', 'done'];
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
  #source; #timer; #last = 0; #tries = 0; #isClosed = false;

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
    const after = this.#last ? `?after=${this.#last}` : '';
    const source = new EventSource(`api/turns/${encodeURIComponent(this.#turn)}/events${after}`);
    this.#source = source;
    this.#after(silence, this.#resume);
    source.onopen = () => this.#connected(true);
    const take = (event) => {
      if (source !== this.#source) return;
      if (event.data === undefined) return this.#fail();
      this.#last = Number(event.lastEventId.split('.').pop()) || this.#last;
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
